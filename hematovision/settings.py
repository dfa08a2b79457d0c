"""One settings file. What differs between machines is an environment variable (`.env.example`)."""

from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from kombu import Exchange, Queue

from hematovision.env import StrictEnv

BASE_DIR = Path(__file__).resolve().parent.parent
env = StrictEnv()
# What is set wins over the file; where there is none, nothing is missing.
env.read_env(BASE_DIR / ".env")

# --- The installation -----------------------------------------------------------------------

# DEBUG in the environment: one machine, to try the product out. Over plain HTTP, with demo users,
# and static files as they lie in the tree.
LOCAL = env.flag("DEBUG", default=False)
# Django's own switch stays off: a refusal has the product's page there, too, and a failure's trace
# stands in the log.
DEBUG = False
SECRET_KEY = env.secret("SECRET_KEY")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", cast=str.strip, default=["localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", cast=str.strip, default=[])
# What the QR code of a report leads to begins with it.
PUBLIC_ADDRESS = env.str(
    "PUBLIC_ADDRESS",
    default=next(iter(CSRF_TRUSTED_ORIGINS), f"http://127.0.0.1:{env.str('PORT', default='8000')}"),
).rstrip("/")
VAR_DIR = env.folder("VAR_DIR", default=BASE_DIR / "var")
# How many proxies in front write X-Forwarded-For; 0 means the client speaks to us directly.
TRUSTED_PROXIES = env.whole("TRUSTED_PROXIES", default=0)

ROOT_URLCONF = "hematovision.urls"
WSGI_APPLICATION = "hematovision.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "mlmodels",
    "predictions",
]

MIDDLEWARE = [
    "hematovision.web.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "hematovision.web.middleware.NoStoreMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hematovision.web.middleware.SessionLifetimeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hematovision.web.middleware.DomainErrorMiddleware",
    "hematovision.web.middleware.PolicyMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database, cache, files -----------------------------------------------------------------

DATABASES = {
    "default": env.database("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'hematovision.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Immediate transactions make the conditional claim of a job exact with several processes;
    # the default deferred mode answers "database is locked" when a read is followed by a write.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.whole("DATABASE_CONN_MAX_AGE_S", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = env.secret("REDIS_URL", default="")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A server that does not answer costs a call one second, not for ever.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

MEDIA_ROOT = env.folder("MEDIA_ROOT", default=VAR_DIR / "media")
STORAGES = {
    # Private: no URL leads here; pages and downloads pass through a view that asks the policy.
    "default": {"BACKEND": "predictions.storage.DurableFolderStorage"},
    # Heads of audit chains: apart from the database, best where its administrator cannot write.
    "audit": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.folder("AUDIT_DIR", default=VAR_DIR / "audit")},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

STATIC_URL = "/static/"
STATIC_ROOT = env.folder("STATIC_ROOT", default=BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = LOCAL

# --- People ---------------------------------------------------------------------------------

# Signs the heads of audit chains. Nobody who can change the database should know it.
AUDIT_KEY = env.secret("AUDIT_KEY", default=SECRET_KEY)
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "predictions:dashboard"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# A session ends after half an hour without a page asked for, and after twelve hours in any case.
SESSION_IDLE_S = env.whole("SESSION_IDLE_S", default=30 * 60, at_least=60)
SESSION_COOKIE_AGE = env.whole("SESSION_ABSOLUTE_S", default=12 * 3600, at_least=60)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "hematovision.web.error_responses.csrf_failure"
# Sign-in: failures before the first lock, and its length; it doubles with each further failure.
SIGN_IN_FAILURES_BEFORE_LOCK = env.whole("SIGN_IN_FAILURES_BEFORE_LOCK", default=5, at_least=1)
SIGN_IN_LOCK_S = env.whole("SIGN_IN_LOCK_S", default=60, at_least=1)

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "UPDATE_LAST_LOGIN": False,
    "SIGNING_KEY": SECRET_KEY,
}

# --- Transport ------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=not LOCAL)
# The orchestrator asks these over plain HTTP from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.whole("SECURE_HSTS_SECONDS", default=0 if LOCAL else 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = not LOCAL
SECURE_HSTS_PRELOAD = not LOCAL
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# No inline script or style and no other host; the icons of the API's page are data: images.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Uploads --------------------------------------------------------------------------------

MAX_IMAGE_BYTES = env.whole("MAX_IMAGE_MB", default=25, at_least=1) * 1024 * 1024
MAX_IMAGE_MEGAPIXELS = env.whole("MAX_IMAGE_MEGAPIXELS", default=50, at_least=1)
MAX_FILES_PER_UPLOAD = env.whole("MAX_FILES_PER_UPLOAD", default=100, at_least=1)
# Above what one upload may hold, so that the sentence about it is ours and not the parser's.
DATA_UPLOAD_MAX_NUMBER_FILES = 10 * MAX_FILES_PER_UPLOAD
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    # Keeps no more of a file than is needed to see that it is too large.
    "hematovision.upload_handlers.CappedFileUploadHandler",
]
# A dataset's archive: what is sent, what it may hold, and what that may come to when unpacked.
MAX_DATASET_BYTES = env.whole("MAX_DATASET_MB", default=2048, at_least=1) * 1024 * 1024
MAX_DATASET_ENTRIES = env.whole("MAX_DATASET_ENTRIES", default=50_000, at_least=1)
MAX_DATASET_EXPANDED_BYTES = env.whole("MAX_DATASET_EXPANDED_MB", default=8192, at_least=1) * 2**20
# An archive of pictures for one sample is held to the same limits, and to so many pictures.
MAX_IMAGES_PER_ARCHIVE = env.whole("MAX_IMAGES_PER_ARCHIVE", default=500, at_least=1)
# An export of cells for research: how many it holds at most, and for how long it can be taken.
MAX_EXPORT_CELLS = env.whole("MAX_EXPORT_CELLS", default=20_000, at_least=1)
EXPORT_DAYS = env.whole("EXPORT_DAYS", default=7, at_least=1)
# After so long a slice of an export ends, so that other work of the queue comes between.
EXPORT_SLICE_S = env.whole("EXPORT_SLICE_S", default=10, at_least=0)
RENDITION_SIDE_PX = env.whole("RENDITION_SIDE_PX", default=2048, at_least=256)
THUMBNAIL_SIDE_PX = 240

# --- Other systems ----------------------------------------------------------------------------

# Where signed reports may be sent, as host:port; nowhere unless the operator says so. What admins
# type must be one of these, or a page could make workers speak to whatever they reach.
EXCHANGE_HOSTS = [
    each.lower() for each in env.list("EXCHANGE_HOSTS", cast=str.strip, default=[]) if each
]
# Where orders are listened for, as host:port; off where it is empty.
EXCHANGE_LISTEN = env.str("EXCHANGE_LISTEN", default="")
EXCHANGE_TIMEOUT_S = env.whole("EXCHANGE_TIMEOUT_S", default=30, at_least=1)
# PEM: whom to trust instead of whom the system trusts, and what this side shows (with its key).
EXCHANGE_CA_FILE = env.str("EXCHANGE_CA_FILE", default="")
EXCHANGE_CERTIFICATE_FILE = env.str("EXCHANGE_CERTIFICATE_FILE", default="")
# What FHIR servers are shown: a line host:port=token for each.
EXCHANGE_TOKENS = env.pairs("EXCHANGE_TOKENS")
# By it patients' numbers become references. With another one, the same patient has another.
PSEUDONYM_KEY = env.secret("PSEUDONYM_KEY", default=SECRET_KEY)

# --- Work in the background -----------------------------------------------------------------

# The threads of a web process, as deploy/start gives them to gunicorn.
WEB_THREADS = env.whole("WEB_THREADS", default=16, at_least=1)
# The models that come with the program, one folder for each version.
SHIPPED_MODELS_DIR = env.folder("SHIPPED_MODELS_DIR", default=BASE_DIR / "mlmodels" / "shipped")
# What laboratories bring and make: datasets, training runs, model versions. Private, never served.
REGISTRY_DIR = env.folder("REGISTRY_DIR", default=VAR_DIR / "registry")
# Files of ImageNet weights that trainings begin with; without them, from random weights.
BASE_WEIGHTS_DIR = env.folder("BASE_WEIGHTS_DIR", default=VAR_DIR / "weights")
TRAINING_THREADS = env.whole("TRAINING_THREADS", default=2, at_least=1)
TRAINING_AT_MOST_H = env.whole("TRAINING_AT_MOST_H", default=48, at_least=1)
# The data folder with the shipped benchmark (cells/pbc/manifest.csv); empty where it is not here.
BENCHMARK_DATA_DIR = env.str("BENCHMARK_DATA_DIR", default="")
# "int8" reads with eight bits the versions in which they hold, the others as "litert".
INFERENCE_RUNTIME = env.choice(
    "INFERENCE_RUNTIME", default="keras", allowed=("keras", "litert", "int8")
)
JOB_LEASE_S = env.whole("JOB_LEASE_S", default=60, at_least=2)
JOB_MAX_ATTEMPTS = env.whole("JOB_MAX_ATTEMPTS", default=5, at_least=1)
JOB_RESEND_AFTER_S = env.whole("JOB_RESEND_AFTER_S", default=30, at_least=1)
JOB_RESEND_AT_MOST = 100
SWEEP_EVERY_S = env.whole("SWEEP_EVERY_S", default=15, at_least=1)
# /readyz takes a worker for gone when it was not heard from for this long.
WORKER_SILENT_AFTER_S = env.whole("WORKER_SILENT_AFTER_S", default=45, at_least=5)

CELERY_BROKER_URL = env.secret("BROKER_URL", default=REDIS_URL or "folder://localhost")
if CELERY_BROKER_URL.startswith("folder"):
    _broker_folder = VAR_DIR / "broker"
    for _name in ("messages", "control"):
        (_broker_folder / _name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker_folder / "messages"),
        "data_folder_out": str(_broker_folder / "messages"),
        "control_folder": str(_broker_folder / "control"),
        # One message a second unless lowered.
        "polling_interval": 0.1,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # Redis hands a task that runs longer to a second worker, which finds its row held.
        "visibility_timeout": 24 * 3600,
        # A broker that is down must not hold up an upload: the sweeper sends later.
        "max_retries": 0,
        "socket_connect_timeout": 3,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Each with an exchange and a key of its own; else every queue is bound to the default one's.
CELERY_TASK_QUEUES = tuple(
    Queue(name, Exchange(name), routing_key=name)
    for name in ("inference", "training", "reports", "bulk", "sweep")
)
CELERY_TASK_DEFAULT_QUEUE = "inference"
CELERY_TASK_ROUTES = {
    "accounts.purge_expired": {"queue": "sweep"},
    "accounts.keep_audit_heads": {"queue": "sweep"},
    "accounts.verify_audit": {"queue": "bulk"},
    "predictions.classify_image": {"queue": "inference"},
    "predictions.name_added_cell": {"queue": "inference"},
    "predictions.sweep_jobs": {"queue": "sweep"},
    "predictions.remove_unnamed_files": {"queue": "sweep"},
    # Somebody waits for these: nothing that takes minutes stands in their way.
    "predictions.make_report": {"queue": "reports"},
    "predictions.deliver": {"queue": "reports"},
    # Slice by slice, so that nothing waits for the whole of an export.
    "predictions.export_cells": {"queue": "bulk"},
    "predictions.expire_exports": {"queue": "sweep"},
    # Beside the images, never in their way: the first ones are read while the last are unpacked.
    "predictions.unpack_archive": {"queue": "bulk"},
    "predictions.read_in_shadow": {"queue": "bulk"},
    "mlmodels.import_dataset": {"queue": "bulk"},
    "mlmodels.check_duplicates": {"queue": "bulk"},
    "predictions.watch_drift": {"queue": "sweep"},
    "predictions.watch_profile": {"queue": "bulk"},
    "mlmodels.run_training": {"queue": "training"},
    "mlmodels.check_gate": {"queue": "training"},
    "mlmodels.sweep": {"queue": "sweep"},
}
CELERY_TASK_IGNORE_RESULT = True
# A message goes when its work is done, so that of a worker that was killed comes again; the row
# decides whether it still counts.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_TASK_TIME_LIMIT = 330
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# By itself Celery opens a database connection for each task, which takes as long as reading a
# small image; `hematovision.celery` looks after one that broke or is old.
CELERY_DB_REUSE_MAX = 10_000
# A killed process holds up its place in the pool for so long; there is no result to wait for.
CELERY_WORKER_LOST_WAIT = 1.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    # At night, by UTC.
    "verify-audit": {
        "task": "accounts.verify_audit",
        "schedule": crontab(hour=2, minute=30),
        "options": {"expires": 12 * 3600},
    },
    "watch-drift": {
        "task": "predictions.watch_drift",
        "schedule": crontab(hour=3, minute=30),
        "options": {"expires": 12 * 3600},
    },
    "keep-audit-heads": {
        "task": "accounts.keep_audit_heads",
        "schedule": 3600,
        "options": {"expires": 1800},
    },
    "purge-expired": {
        "task": "accounts.purge_expired",
        "schedule": 3600,
        "options": {"expires": 1800},
    },
    "sweep-jobs": {
        "task": "predictions.sweep_jobs",
        "schedule": SWEEP_EVERY_S,
        "options": {"expires": SWEEP_EVERY_S},
    },
    "sweep-models": {
        "task": "mlmodels.sweep",
        "schedule": SWEEP_EVERY_S,
        "options": {"expires": SWEEP_EVERY_S},
    },
    "expire-exports": {
        "task": "predictions.expire_exports",
        "schedule": 3600,
        "options": {"expires": 1800},
    },
    "remove-unnamed-files": {
        "task": "predictions.remove_unnamed_files",
        "schedule": 6 * 3600,
        "options": {"expires": 3600},
    },
}

# --- API ------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "accounts.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.PolicyPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "accounts.api.parsers.SmallJSONParser",
        "accounts.api.parsers.SmallFormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": [
        "accounts.api.throttles.AddressThrottle",
        "accounts.api.throttles.PersonThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("API_RATE_ANONYMOUS", default="60/min"),
        "user": env.str("API_RATE_USER", default="1200/min"),
    },
    "EXCEPTION_HANDLER": "hematovision.web.error_responses.api_error_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    # Without it a client chooses its own address for the throttle in X-Forwarded-For.
    "NUM_PROXIES": TRUSTED_PROXIES,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "HematoVision API",
    "DESCRIPTION": "Upload photographs of blood smears and read the white cells found in them. "
    "Assistive use: a qualified person reviews every result. Not a certified medical device.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "string", "format": "uuid"}},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Fields of one name with other words: intervals know two sexes, samples three.
    "ENUM_NAME_OVERRIDES": {
        "IntervalSexEnum": "predictions.intervals.SEXES",
        "SampleSexEnum": "predictions.models.Sample.Sex",
        "JobStatusEnum": "predictions.models.JobStatus",
        "ReportStatusEnum": "predictions.models.Report.Status",
        "SampleOriginEnum": "predictions.models.Sample.Origin",
        "CellOriginEnum": "predictions.models.Cell.Origin",
    },
}

# --- Language, time, log --------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "hematovision.origin.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {request_id} {message}", "style": "{"}
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        }
    },
    # Ours alone: Django's own would send what fails by mail.
    "loggers": {"django": {"handlers": []}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
