"""Send broken files of all formats to an installation of their own: `make mutations`.

Starts `make run` in a folder that is thrown away, sends COUNT files that `tests/mutations` breaks
(the same files for the same SEED), waits for every result, and prints what became of them, what
web process and workers held in memory, and each file that was not answered as it must be. It
exits 1 where there is one. Some thousand files take minutes.

    make mutations                        5,000 files
    make mutations COUNT=40 FIRST=1200    those from number 1200 on, as they were in a longer run
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.journeys.installation import running  # noqa: E402  the project's own
from tests.mutations.trial import try_files  # noqa: E402


def main() -> None:
    """Send them and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    options = parser.parse_args()
    with (
        # What is still being written while all ends is nobody's business any more.
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        running(Path(folder), INFERENCE_RUNTIME="litert") as installation,
    ):
        trial = try_files(installation, count=options.count, seed=options.seed, first=options.first)
        print("\n".join(trial.lines()), flush=True)
    sys.exit(bool(trial.complaints))


if __name__ == "__main__":
    main()
