"""Run the processes of the Procfile in one terminal until Ctrl-C. `make run` calls it.

A closed terminal (SIGHUP) must end them as Ctrl-C does: honcho alone would leave them behind,
because each stands in a session of its own.
"""

import os
import signal
import sys
from types import FrameType

from honcho.command import main


def end_as_if_terminated(signum: int, frame: FrameType | None) -> None:
    """Turn the closing of the terminal into the signal that honcho knows."""
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, end_as_if_terminated)
    # No environment file: settings read .env themselves, and what is exported wins over it.
    try:
        main(["--env", os.devnull, "start", "--port", sys.argv[1]])
    except SystemExit as end:
        # Ctrl-C is how it is meant to end.
        ended_by_hand = (128 + signal.SIGINT, 128 + signal.SIGTERM)
        sys.exit(0 if end.code in ended_by_hand else end.code)
