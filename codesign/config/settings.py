"""Django's settings. What an operator can change comes from the environment.

`environment.py` reads and validates the variables; docs/deployment.md explains them.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import environ
from csp.constants import SELF
from kombu import Queue

from annotations.rules.states import RoundKind, RoundState
from annotations.rules.text_kinds import Category
from codesign.config.environment import read
from codesign.shared import logs
from modelhub.rules.states import ModelKind, ModelState, RunState

BASE_DIR = Path(__file__).resolve().parents[2]
ENV = read(os.environ, root=BASE_DIR)

# --- environment and folders ------------------------------------------------------------------
PRODUCTION = ENV.kind == "production"
TESTING = ENV.kind == "test"
CODESIGN_HOME = ENV.home
RELEASES_DIR = CODESIGN_HOME / "releases"
UPLOADS_DIR = CODESIGN_HOME / "uploads"
MODELS_DIR = CODESIGN_HOME / "models"
MAIL_DIR = CODESIGN_HOME / "mail"

DEBUG = False
SECRET_KEY = ENV.secret_key or secrets.token_urlsafe(50)
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins

# --- database and broker ----------------------------------------------------------------------
CELERY_BROKER_URL = ENV.broker_url
SERVERS_RUNNING = bool(ENV.database_url)
DATABASES: dict[str, dict[str, Any]] = {
    "default": environ.Env.db_url_config(ENV.database_url or "postgres://start-make-run-first/none")
}
DATABASES["default"].update(
    {
        "OPTIONS": DATABASES["default"].get("OPTIONS", {})
        | {
            "pool": False
            if TESTING or not SERVERS_RUNNING
            # The pauses between attempts to reconnect grow. After these seconds they start again
            # with the next request, so that pages work as soon as the database is back.
            else {"min_size": 1, "max_size": 8, "timeout": 10, "reconnect_timeout": 3},
            # Frequent statements are planned once per connection (halves the database's work).
            "server_side_binding": True,
            "prepare_threshold": 5,
        },
        "CONN_HEALTH_CHECKS": True,  # the pool replaces connections that a restart has closed
    }
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- apps, from the bottom up: an app imports only those before it (docs/architecture.md) -------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
    "pgtrigger",
    "codesign.shared",
    "codesign.jobs",
    "codesign.audit",
    "codesign.accounts",
    "codesign.studies",
    "codesign.consent",
    "codesign.enrolment",
    "codesign.compensation",
    "codesign.care",
    "annotations",
    "modelhub",
    "codesign.desk",
    "codesign.config",
]
MIDDLEWARE = [
    "codesign.shared.middleware.RequestLogMiddleware",
    "codesign.config.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "codesign.shared.middleware.CompressPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "codesign.shared.middleware.NoStoreMiddleware",
    "codesign.shared.middleware.ReadableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "codesign.shared.middleware.KeepingMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "codesign.config.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "codesign.shared.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "codesign.config.urls"
WSGI_APPLICATION = "codesign.config.wsgi.application"
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
                "codesign.accounts.context.passkeys",
                "codesign.care.context.quick_exit",
                "codesign.desk.context.header",
                "codesign.desk.context.account",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- people -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["codesign.accounts.sessions.SignIn"]
SESSION_ENGINE = "codesign.accounts.sessions"
if TESTING:  # the real one takes a third of a second for each password
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_CHANGE_EMAIL = True  # one address per person, replaced once the new one is confirmed
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before changing the address; tokens ask on their own
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # tells the owner when a password changes
ACCOUNT_ADAPTER = "codesign.accounts.adapter.AccountAdapter"
MFA_ADAPTER = "codesign.accounts.adapter.MFAAdapter"
MFA_TOTP_ISSUER = "Codesign"
ACCOUNT_FORMS = {
    "login": "codesign.accounts.forms.Login",
    "signup": "codesign.accounts.forms.Signup",
    "add_email": "codesign.accounts.forms.AddEmail",
    "change_email": "codesign.accounts.forms.ChangeEmail",
    "change_password": "codesign.accounts.forms.ChangePassword",
    "set_password": "codesign.accounts.forms.SetPassword",
    "reset_password": "codesign.accounts.forms.ResetPassword",
    "reset_password_from_key": "codesign.accounts.forms.ResetPasswordKey",
    "reauthenticate": "codesign.accounts.forms.Reauthenticate",
    "request_login_code": "codesign.accounts.forms.RequestLoginCode",
    "confirm_login_code": "codesign.accounts.forms.ConfirmLoginCode",
    "confirm_email_verification_code": "codesign.accounts.forms.ConfirmEmailCode",
}
MFA_FORMS = {
    "activate_totp": "codesign.accounts.forms.StartApp",
    "add_webauthn": "codesign.accounts.forms.AddPasskey",
    "edit_webauthn": "codesign.accounts.forms.RenamePasskey",
}
# Strict for each account and mailbox, wherever attempts come from. Generous for an IP address,
# which a clinic or a household shares. Each kind is counted separately, in the database.
_EACH_ADDRESS = f"{ENV.rate_sign_in}/m/ip"
ACCOUNT_RATE_LIMITS = {
    "login": _EACH_ADDRESS,
    "login_failed": f"{_EACH_ADDRESS},5/300s/key",
    "request_login_code": f"{_EACH_ADDRESS},3/m/key",
    "reset_password": f"{_EACH_ADDRESS},5/m/key",
    "reset_password_from_key": _EACH_ADDRESS,
    "signup": _EACH_ADDRESS,
}
MFA_RATE_LIMITS = {"webauthn_login": _EACH_ADDRESS}
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.trusted_proxies  # proxies that set X-Forwarded-For
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
SITE_URL = ENV.site_url  # for links in mails
QUICK_EXIT_URL = ENV.quick_exit_url  # where the quick exit of every page leads
DEFAULT_FROM_EMAIL = ENV.from_email
EMAIL_TIMEOUT = 30  # seconds; below the time limit of the task that sends
if ENV.email_url:
    vars().update(environ.Env.email_url_config(ENV.email_url))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(MAIL_DIR)
MAIL_SHOWN = not PRODUCTION and not ENV.email_url  # to site admins; it contains sign-in codes

# --- language and time ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("ar", "العربية")]  # each in its own language
LOCALE_PATHS = [BASE_DIR / "codesign" / "locale"]
FORMAT_MODULE_PATH = "codesign.config.formats"
LANGUAGE_COOKIE_NAME = "language"  # of people who are not signed in
LANGUAGE_COOKIE_AGE = 366 * 24 * 3600  # seconds
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files -----------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = CODESIGN_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "codesign" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "codesign.shared.assets.PackagedAssets",
]
WHITENOISE_AUTOREFRESH = TESTING  # tests do not collect static files
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("map", "woff2", "png", "jpg", "gz", "br", "zip")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- HTTP: headers, uploads, API --------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.tls == "proxy" else None
SECURE_HSTS_SECONDS = ENV.hsts_seconds if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION and ENV.hsts_reach in ("subdomains", "preload")
SECURE_HSTS_PRELOAD = PRODUCTION and ENV.hsts_reach == "preload"
# Django suggests both, but they bind hosts that are not ours. Only their operators can decide this.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
FILE_UPLOAD_HANDLERS = ["codesign.shared.upload_handlers.NoFiles"]  # exceptions use `takes_files`
MOST_FORM_BYTES = 501_000_000  # the largest file to import, and the other fields of its form
CSRF_FAILURE_VIEW = "codesign.shared.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": [SELF],
        "base-uri": [SELF],
        "object-src": ["'none'"],
    }
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "codesign.accounts.authentication.TokenAuthentication",
        "codesign.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "codesign.accounts.permissions.TokenAllows",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["codesign.shared.parsers.SafeJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "codesign.accounts.schema.ApiSchema",
    "DEFAULT_THROTTLE_CLASSES": ["codesign.accounts.throttles.Throttle"],
    "DEFAULT_METADATA_CLASS": None,  # the API is described at schema/
    "EXCEPTION_HANDLER": "codesign.shared.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "ENUM_NAME_OVERRIDES": {  # lists, because the library also compares the names of a class
        "CategoryEnum": list(Category),
        "ModelKindEnum": list(ModelKind),
        "RoundKindEnum": list(RoundKind),
        "RoundStateEnum": list(RoundState),
        "RunStateEnum": list(RunState),
        "ModelStateEnum": list(ModelState),
    },
    "TITLE": "Codesign",
    "VERSION": "1",
    "DESCRIPTION": (
        "Judgements of model responses by people with lived experience and clinicians.\n\n"
        "Lists are paginated: follow `next` until it is null. Every error is a problem document "
        "(RFC 9457, `application/problem+json`) whose `title` is a sentence for a person. Clients "
        "that send too many requests in a minute get 429 with `Retry-After`."
    ),
    "OAS_VERSION": "3.1.0",  # the first version in which an operation can name token scopes
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}
# Requests per minute: of a person (all their tokens together), or of an address without sign-in.
# A person who judges sends one every few seconds; the limits are for programs out of control.
API_REQUESTS_A_MINUTE = {
    "judging": ENV.rate_judging,
    "reading": ENV.rate_reading,
    "changing": ENV.rate_changing,
    "stranger": ENV.rate_stranger,
    "asking": 20,
}
# "default" holds sign-in data for minutes: used codes and password attempts. All processes share it
# and sign-in depends on it, so it is in the database, whatever CACHE_URL says (decision 0013).
# "requests" counts API requests, by default in each process: no network access during a judgement,
# nothing that can fail, but each web process counts separately. With CACHE_URL, all processes count
# together in a Valkey or Redis.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "codesign.accounts.sessions.SignInCache",
        "LOCATION": "accounts_signinmemory",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "requests": environ.Env.cache_url_config(ENV.cache_url),
}

# --- background work --------------------------------------------------------------------------
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = ("codesign.jobs.carrier.route",)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
LONGEST_TASK = 6 * 3600
"""Seconds; above the limit of every task. An unacknowledged message is then delivered again."""
if ENV.broker_url.startswith("amqp"):
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"confirm_publish": True}
    CELERY_TASK_QUEUES = [
        Queue(name, queue_arguments={"x-consumer-timeout": 1000 * LONGEST_TASK})
        for name in ("default", "generation", "training", "exports")
    ]
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": LONGEST_TASK,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
    }
CELERY_BEAT_SCHEDULER = "codesign.config.clock:Clock"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "tend-jobs": {"task": "jobs.tasks.tend", "schedule": 15.0},
    "forget": {"task": "accounts.tasks.forget", "schedule": 600.0},
    "forget-unproven": {"task": "accounts.tasks.forget_unproven", "schedule": 600.0},
    "hand-over": {"task": "desk.tasks.hand_over", "schedule": 60.0},
    "tend-care": {"task": "care.tasks.tend", "schedule": 60.0},
    "seal-audit": {"task": "audit.tasks.seal", "schedule": 60.0},
    "fold-tallies": {"task": "annotations.tasks.fold_tallies", "schedule": 60.0},
    "shred-payout-details": {"task": "compensation.tasks.shred_details", "schedule": 3600.0},
    "expire-leases": {"task": "annotations.tasks.expire_leases", "schedule": 60.0},
    "tend-reviews": {"task": "compensation.tasks.tend_reviews", "schedule": 600.0},
    "pay-held-work": {"task": "annotations.tasks.pay_overdue", "schedule": 600.0},
    "warn-of-budgets": {"task": "compensation.tasks.warn_of_budgets", "schedule": 300.0},
    "check-times": {"task": "annotations.tasks.check_times", "schedule": 3600.0},
    "clear-uploads": {"task": "modelhub.tasks.ring_uploads", "schedule": 600.0},
    "drop-uploads": {"task": "modelhub.tasks.drop_uploads", "schedule": 3600.0},
}
MODEL_THREADS = ENV.models.threads  # 0: one per core
TRAINING_MEMORY_MB = ENV.models.training_memory_mb  # 0: all memory of this machine or its container
TRAINING_PROCESSES = ENV.models.training_processes
HUB_ENDPOINT, HUB_TOKEN = ENV.models.hub_endpoint, ENV.models.hub_token
HUB_OFFLINE = ENV.models.hub_offline
MODEL_FOLDERS = ENV.models.folders  # where people may register folders and files of models
HUB_MODELS = ENV.models.hub_ids  # patterns of Hub ids that people may register
MODEL_SERVERS = ENV.models.servers  # addresses of servers that people may register
MODEL_KEYS = ENV.models.keys  # keys of those servers by the names of their variables
HANDOVER_HOURS = ENV.handover_hours  # waiting time for a new coordinator of a running study
ASSIGNMENT_LEASE_MINUTES = ENV.lease_minutes
PAY_PACE = ENV.pay_pace
"""Work that is this many times faster than promised, and than adults read, is put on hold."""

# --- logs: without personal data; JSON lines in production --------------------------------------
LOGGING = logs.configuration(level=ENV.log_level, as_json=PRODUCTION)
