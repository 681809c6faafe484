"""All settings, read top to bottom, from the environment. A wrong or missing variable stops the start and is named."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
import structlog

from iaros.lib.config import load_intelligence
from iaros.web.csp import POLICY

# Read by OpenMP when it is loaded, so it stands before anything that loads it: threads that spin while they wait take
# the cores from the database, and LightGBM beside it took seven times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Where this installation keeps what it makes while it runs -------------------------------------------------------
VAR_DIR = Path(env("IAROS_VAR_DIR", default=str(BASE_DIR / "var")))
KEYS_FILE = Path(env("IAROS_KEYS_FILE", default=str(VAR_DIR / "keys.json")))

# --- The airline -----------------------------------------------------------------------------------------------------
AIRLINE_NAME = env("IAROS_AIRLINE_NAME", default="Norvia Air")
AIRLINE_CARRIER = env("IAROS_AIRLINE_CARRIER", default="NV")
AIRLINE_HUB = env("IAROS_AIRLINE_HUB", default="CPH")
AIRLINE_TIME_ZONE = env("IAROS_AIRLINE_TIME_ZONE", default="Europe/Copenhagen")
BASE_CURRENCY = env("IAROS_BASE_CURRENCY", default="EUR")
INBOX_DIR = Path(env("IAROS_INBOX_DIR", default=str(VAR_DIR / "inbox")))
# How deliveries of providers are verified: {"sendgrid_events": {"scheme": "sendgrid", "secret": "..."}}.
WEBHOOKS = env.json("IAROS_WEBHOOKS", default={})
# A larger file is sent to the API in parts.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 << 20
INTELLIGENCE = load_intelligence(env("IAROS_CONFIG", default="") or None)

# --- Django ----------------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "iaros.urls"
WSGI_APPLICATION = "iaros.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "iaros.accounts.admin_config.AirlineAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_filters",
    "django_htmx",
    "django_celery_beat",
    "django_prometheus",
    "django_structlog",
    "guardian",
    "axes",
    "csp",
    "oauth2_provider",
    "iaros.lib",
    "iaros.accounts",
    "privacy",
    "profiles",
    "segmentation",
    "recommendations",
    "analytics",
    "iaros.web",
    "iaros.api",
    "iaros",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Answers /api/, /oauth2/ and the probes itself; what follows is for pages only.
    "iaros.api.middleware.ApiChain",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "iaros.web.csp.AdminStyles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "axes.middleware.AxesMiddleware",
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
                "iaros.web.navigation.shell",
            ],
        },
    },
]

# --- Postgres is the only truth; Valkey holds what can be rebuilt ----------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["ENGINE"] = "iaros.lib.postgres"
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
# `manage.py test` names a database that is migrated already, for each of its processes to copy.
DATABASES["default"]["TEST"] = {"TEMPLATE": env("IAROS_TEST_TEMPLATE", default=None)}
REDIS_URL = env("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# --- Celery is a doorbell: what is to be done is a row, the message only wakes a worker ------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "batch"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TIMEZONE = AIRLINE_TIME_ZONE
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Longer than the longest training run, or the broker would hand the same message to a second worker.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# --- Who may come in -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Object permissions stand in tables of their own, with a foreign key to the object, and nobody is anonymous.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_RAISE_403 = True
# Five failures lock that user name from that address for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_DISABLE_ACCESS_LOG = True  # who signed in stands in the audit trail, not in a second table of addresses
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_IPWARE_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0) or None
AXES_IPWARE_META_PRECEDENCE_ORDER = (
    ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if AXES_IPWARE_PROXY_COUNT else ["REMOTE_ADDR"]
)
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:sign-in"

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["iaros.api.callers.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["iaros.api.callers.ScopeOrPermission"],
    "DEFAULT_RENDERER_CLASSES": ["iaros.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["iaros.api.rendering.JsonParser"],
    "DEFAULT_PAGINATION_CLASS": "iaros.api.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "iaros.api.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_FORMATTER_CLASS": "iaros.api.problems.ProblemFormatter",
    "EXCEPTION_HANDLER_CLASS": "iaros.api.problems.ProblemHandler",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{AIRLINE_NAME} customer intelligence",
    "DESCRIPTION": "Profiles, segments, scores and recommendations of customers, each read for a named purpose.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "SegmentStatusEnum": "segmentation.models.SegmentStatus",
        "SegmentKindEnum": "segmentation.models.SegmentKind",
    },
}
# Client credentials only, every gate of RFC 9700 closed.
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.ApiClient"
OAUTH2_PROVIDER = {
    "SCOPES": {
        "profiles:read": "Read customer profiles, names and contacts masked",
        "profiles:reveal": "Read names and contacts unmasked",
        "profiles:write": "Create and update customer profiles",
        "segments:read": "Read segments and their members",
        "segments:write": "Create and change segments",
        "scores:read": "Read scores and their reasons",
        "recommendations:read": "Read recommendations",
        "analytics:read": "Read analytics",
        "models:read": "Read the model catalogue",
        "models:write": "Train and deploy models",
        "events:write": "Send events",
        "sources:write": "Send files of sources",
        "jobs:read": "Follow jobs",
    },
    "SCOPES_BACKEND_CLASS": "iaros.accounts.scopes.ClientScopes",
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "PKCE_REQUIRED": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["client_credentials"],
}
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=6000)
API_ANONYMOUS_REQUESTS_PER_MINUTE = env.int("API_ANONYMOUS_REQUESTS_PER_MINUTE", default=60)
API_TOKENS_PER_MINUTE = env.int("API_TOKENS_PER_MINUTE", default=30)
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
METRICS_TOKEN = env("METRICS_TOKEN", default="")
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]

# --- Languages, times, files -----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = AIRLINE_TIME_ZONE
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- Pages -----------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = POLICY
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "iaros.web.assets.PackageFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "iaros.web.assets.CollectedFiles"},
}

# Pages name hashed files only, so only those are kept and compressed.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# --- The network -----------------------------------------------------------------------------------------------------
# The platform is served behind the airline's TLS proxy; on a bare machine `up` speaks plain HTTP on loopback only.
HTTPS_ONLY = env.bool("HTTPS_ONLY", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS_ONLY
SESSION_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# --- Logs: JSON lines for machines, plain lines on a terminal; never the local variables of a traceback, which are
# people's data and secrets -------------------------------------------------------------------------------------------
LOG_FORMAT = env("LOG_FORMAT", default="console" if DEBUG else "json")
_BEFORE: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_RENDERERS: dict[str, list[Any]] = {
    "json": [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
    "console": [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)],
}
structlog.configure(
    processors=[*_BEFORE, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _BEFORE,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_RENDERERS[LOG_FORMAT]],
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
