"""The product's settings with what a test run needs otherwise."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "a-key-for-tests-only-with-more-than-fifty-characters-in-it")
os.environ.setdefault("DEBUG", "true")
os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="hematovision-tests-"))

from hematovision.settings import *

DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INFERENCE_RUNTIME = os.environ.get("INFERENCE_RUNTIME", "litert")

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in the product: threads and processes of a test meet as they do there.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "tests.sqlite3")}
