"""A process that answers pages holds no engine, in memory or in modules."""

import json
import os
import subprocess
import sys

SCRIPT = """
import json, resource, sys, time
started = time.perf_counter()
import django
django.setup()
import hematovision.urls
heavy = {"tensorflow", "keras", "ai_edge_litert", "tflite_runtime"}
print(json.dumps({
    "held": sorted(heavy & {name.partition(".")[0] for name in sys.modules}),
    "seconds": round(time.perf_counter() - started, 2),
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
"""


def test_loading_every_url_loads_no_engine():
    """Time and peak memory are printed for people (`pytest -s`); a busy machine fails no test."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "hematovision.settings"},
    )
    report = json.loads(ended.stdout.splitlines()[-1])
    print(f"hematovision.urls: {report['seconds']} s, peak {report['peak_mb']} MB")
    assert report["held"] == []
