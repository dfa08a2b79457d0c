"""Print what starting costs: `make benchmark`.

Seconds and peak memory of a fresh process that loads every URL, as each web process does, and the
seconds from `make run` to a /readyz that answers 200, at the first start and at the second.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

LOAD_URLS = """
import json, resource, time
began = time.perf_counter()
import django
django.setup()
import hematovision.urls
seconds = time.perf_counter() - began
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
PORT = "8791"


def measure_urls(times: int = 5) -> None:
    """Load the URLs in fresh processes; print the median of the seconds and of the memory."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "hematovision.settings"}
    command = [sys.executable, "-c", LOAD_URLS]
    outputs = [subprocess.check_output(command, env=environment) for _ in range(times)]
    seconds, peaks_mb = zip(*map(json.loads, outputs), strict=True)
    print(
        f"import hematovision.urls: {statistics.median(seconds):.2f} s, "
        f"peak {statistics.median(peaks_mb):.0f} MB (median of {times})",
        flush=True,
    )


def is_ready() -> bool:
    """Whether /readyz answers 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def measure_start(name: str, var_dir: str) -> None:
    """Start everything, print the seconds until it is ready, and end it with Ctrl-C."""
    environment = {**os.environ, "VAR_DIR": var_dir, "PORT": PORT}
    began = time.monotonic()
    run = subprocess.Popen(
        ["make", "run"], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not is_ready():
            if run.poll() is not None:
                sys.exit("`make run` ended before it was ready.")
            time.sleep(0.1)
        seconds = time.monotonic() - began
    finally:
        os.killpg(run.pid, signal.SIGINT)
        run.wait()
    print(f"{name} start: ready after {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    measure_urls()
    with tempfile.TemporaryDirectory() as folder:
        measure_start("first", folder)
        measure_start("second", folder)
