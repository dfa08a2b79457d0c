"""`manage.py benchmark_engine`: each part in a fresh process, medians, peak memory, JSON."""

import json
from itertools import count

import pytest
from django.core.management import CommandError, call_command

from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.version_files import copy_version
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.research.benchmark.drawn_field import draw_field, field_jpeg
from mlmodels.research.benchmark.measures import WARM, in_turn, peak_mb, resident_mb, timed


def test_the_median_leaves_the_warm_calls_out():
    # The first calls take 9 s, then 1, 2 and 30 s pass, of which half is computed.
    spans = iter([*[9.0] * WARM, 1.0, 2.0, 30.0])
    now = [0.0]

    def call():
        now[0] += next(spans)

    span = timed(call, 3, clock=lambda: now[0], cpu_clock=lambda: now[0] / 2)
    assert (span.ms, span.cpu_ms) == (2000.0, 1000.0)


def test_a_call_is_made_once_a_repetition():
    calls = count()
    timed(lambda: next(calls), 7)
    assert next(calls) == WARM + 7


def test_calls_in_turn_are_told_apart_by_their_smallest_and_their_median():
    # One call takes 2, 4 and 9 s, the other 1 s; the warm rounds do not count.
    slow, now = iter([*[99.0] * WARM, 9.0, 2.0, 4.0]), [0.0]

    def wait(seconds):
        now[0] += seconds

    calls = {"slow": lambda: wait(next(slow)), "fast": lambda: wait(1.0)}
    told = in_turn(calls, 3, clock=lambda: now[0], cpu_clock=lambda: now[0] / 2)
    assert told["slow"] == {
        "least_ms": 2000.0,
        "ms": 4000.0,
        "least_cpu_ms": 1000.0,
        "cpu_ms": 2000.0,
    }
    assert told["fast"]["ms"] == 1000.0


def test_a_process_never_holds_more_than_its_peak():
    assert 0 < resident_mb() <= peak_mb() + 1


@pytest.mark.parametrize("cells", [0, 1, 3])
@pytest.mark.parametrize("size", [(640, 480), (1280, 960)])
def test_a_drawn_field_shows_as_many_nuclei(cells, size):
    picture = decode_image(field_jpeg(*size, cells=cells))
    assert picture.shape == (size[1], size[0], 3)
    assert len(locate(picture).nuclei) == cells


def test_the_same_seed_draws_the_same_field():
    assert (draw_field(320, 240, seed=4) == draw_field(320, 240, seed=4)).all()
    assert (draw_field(320, 240, seed=4) != draw_field(320, 240, seed=5)).any()


@pytest.mark.slow
def test_the_command_measures_every_part(tmp_path, shipped_folder, capsys):
    call_command(
        "benchmark_engine", "--runtimes", "litert", "--threads", "1", "--batches", "1", "2",
        "--repetitions", "1", "--memory-images", "10", "--input-px", "32",
        "--json", str(tmp_path / "b.json"),
    )  # fmt: skip
    figures = json.loads((tmp_path / "b.json").read_text())
    parts = [row["part"] for row in figures["rows"]]
    assert parts == [*["crops"] * 4, *["locating"] * 3, "engine", "side_by_side", "memory"]
    assert all(row["peak_mb"] > 10 for row in figures["rows"])
    side_px = json.loads((shipped_folder / "card.json").read_text())["engine"]["input_px"]
    assert {row["side_px"] for row in figures["rows"] if row["part"] == "crops"} == {side_px, 32}
    assert figures["rows"][-3]["cells"] == 1
    calls = figures["rows"][-2]["calls"]
    assert list(calls) == ["whole engine, litert", "its network, 4 views, litert"]
    assert all(0 < one["least_cpu_ms"] <= one["cpu_ms"] for one in calls.values())
    sums = (shipped_folder / "SHA256SUMS").read_text()
    assert f"{figures['weights_sha256']['litert']}  model.tflite" in sums
    assert len(capsys.readouterr().out.splitlines()) == len(parts)


def test_a_damaged_version_is_not_measured(tmp_path, shipped_folder):
    folder = tmp_path / "damaged"
    copy_version(shipped_folder, folder)
    (folder / "model.tflite").write_bytes(b"other bytes")
    with pytest.raises(CommandError, match="is not the one that was registered"):
        call_command("benchmark_engine", model=str(folder))


def test_no_repetition_is_refused_in_a_sentence():
    with pytest.raises(CommandError, match=r"at least 1\.$"):
        call_command("benchmark_engine", "--repetitions", "0")
