"""The product's settings with what a test run needs otherwise."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "a-key-for-tests-only-with-more-than-fifty-characters-in-it")
os.environ.setdefault("DEBUG", "true")
if "VAR_DIR" not in os.environ:
    # Kept by this name until the process ends, and removed then; its child processes share it.
    _var = tempfile.TemporaryDirectory(prefix="hematovision-tests-", ignore_cleanup_errors=True)
    os.environ["VAR_DIR"] = _var.name

from hematovision.settings import *

LOCAL = False
# Heads that one test keeps are no other test's.
STORAGES = {**STORAGES, "audit": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INFERENCE_RUNTIME = os.environ.get("INFERENCE_RUNTIME", "litert")

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in the product: threads and processes of a test meet as they do there.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "tests.sqlite3")}
