"""The file that says how far a training is: whole at any time, and not written too often."""

from mlmodels.ml.training.progress import Progress, ProgressFile, read_progress


def test_one_phase_is_written_at_most_once_a_second(tmp_path):
    now = [0.0]
    tell = ProgressFile(tmp_path / "progress.json", clock=lambda: now[0])
    for step, at in ((1, 0.0), (2, 0.5), (3, 0.99), (4, 1.0), (5, 1.2)):
        now[0] = at
        tell(Progress("training", step=step))
        assert read_progress(tmp_path / "progress.json")["step"] == (4 if at >= 1 else 1)


def test_a_new_phase_is_written_at_once(tmp_path):
    tell = ProgressFile(tmp_path / "progress.json", clock=lambda: 0.0)
    tell(Progress("training"))
    tell(Progress("calibrating"))
    assert read_progress(tmp_path / "progress.json")["phase"] == "calibrating"


def test_what_is_not_there_or_broken_says_nothing(tmp_path):
    assert read_progress(tmp_path / "progress.json") == {}
    (tmp_path / "progress.json").write_text("[1")
    assert read_progress(tmp_path / "progress.json") == {}
