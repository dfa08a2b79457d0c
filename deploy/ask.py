"""Ask the web process of this machine one question (`healthz` or `readyz`); exit 0 on a 200.

For a container's health check: the image has no curl.
"""

import os
import sys
import urllib.request

if __name__ == "__main__":
    port = os.environ.get("PORT", "8000")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{sys.argv[1]}")
    with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310  our own host
        print(answer.read().decode())
