"""Django's settings, made from `mailcall.config`."""

from django.core.exceptions import ImproperlyConfigured

from mailcall.config import config, django_database
from mailcall.keyring import KeyringError

_config = config()
_config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
try:
    _ring = _config.ring()
except KeyringError as error:
    raise ImproperlyConfigured(str(error)) from None

DEBUG = False
_secret_keys = [key.hex() for key in _ring.derived("django")]
SECRET_KEY = _secret_keys[0]
SECRET_KEY_FALLBACKS = _secret_keys[1:]
ALLOWED_HOSTS = (
    ["*"]
    if _config.demo
    else [
        _config.base_url.split("//")[1].partition("/")[0].rpartition(":")[0]
        or _config.base_url.split("//")[1].partition("/")[0],
        "127.0.0.1",
        "localhost",
        "[::1]",
    ]
)
CSRF_TRUSTED_ORIGINS = [_config.base_url]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "axes",
    "django_htmx",
    "mailcall.desk",
    "mailcall.outbound",
    "mailcall.inbound",
    "mailcall.retention",
    "mailcall.service",
    "mailcall.upkeep",
    "mailcall.web",
    "mailcall.sandbox",
]
if not _config.embedded:
    INSTALLED_APPS.append("procrastinate.contrib.django")  # for its tables
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""  # the jobs are in mailcall.service.jobs
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mailcall.web.middleware.PageHeadersMiddleware",
    "mailcall.web.middleware.NulMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "mailcall.web.middleware.NudgeMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mailcall.web.context.site",
            ],
        },
    },
]
ROOT_URLCONF = "mailcall.web.urls"
WSGI_APPLICATION = "mailcall.web.wsgi.application"

_embedded = {
    "ENGINE": "mailcall.database.sqlite3",
    "NAME": _config.database_path,
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: a mailbox is told to delete only what no power loss can take back.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
    },
    "TEST": {"NAME": _config.data_dir / "test.sqlite3"},
}
DATABASES = {
    "default": _embedded if _config.embedded else django_database(_config.database_url.get_secret_value())
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STORAGES = {
    "default": {
        "BACKEND": "mailcall.database.remote_files.RemoteFiles",
        "OPTIONS": {
            "backend": _config.file_storage,
            "options": _config.file_storage_options,
            "spool": _config.spool_dir,
        },
    }
    if _config.file_storage
    else {
        "BACKEND": "mailcall.database.files.DurableFiles",
        "OPTIONS": {"location": _config.files_dir},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

AUTH_USER_MODEL = "web.Login"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "web:sign-in"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

_https = _config.base_url.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_NAME = "mailcall_session"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
if _config.behind_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
    AXES_IPWARE_PROXY_COUNT = 0
    AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"]

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = _config.time_zone
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
LOGGING_CONFIG = None  # mailcall.logs sets logging up
SILENCED_SYSTEM_CHECKS: list[str] = []
