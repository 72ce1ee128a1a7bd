"""Settings: one file, every deployment difference read from the environment (docs/howto/install.md lists them)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parents[1]


def _flag(name: str) -> bool:
    return os.environ.get(name, "") in {"1", "true", "yes"}


def _list(name: str, default: str) -> list[str]:
    return [item for item in os.environ.get(name, default).split(",") if item]


def _database(url: str) -> dict[str, object]:
    """Read postgresql://user:password@host:port/name?host=/socket/dir&options into Django's form."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/") or "yanzhen",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"application_name": "yanzhen", **query},
        "TEST": {"NAME": os.environ.get("YANZHEN_TEST_DATABASE"), "TEMPLATE": "template0"},
    }


DEMO = _flag("YANZHEN_DEMO")
DEBUG = _flag("YANZHEN_DEBUG")
SECRET_KEY = os.environ.get("YANZHEN_SECRET_KEY", "")
MASTER_KEY = os.environ.get("YANZHEN_MASTER_KEY", "")
"""64 hex digits: wraps the data keys and keys the look-up hashes. Losing it loses every ID number and phone."""
DATA_DIR = Path(os.environ.get("YANZHEN_DATA_DIR", "/var/lib/yanzhen"))
ALLOWED_HOSTS = _list("YANZHEN_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _list("YANZHEN_ORIGINS", "")
PUBLIC_URL = os.environ.get("YANZHEN_PUBLIC_URL", "http://localhost:8351").rstrip("/")
"""Where the world reaches this installation: stands in every certificate and credential, so it must not change later."""
CREDENTIAL_KEY = os.environ.get("YANZHEN_CREDENTIAL_KEY", "")
"""64 hex digits: signs credentials; without it a file in DATA_DIR/signing that is made at first use."""
PROVINCE = os.environ.get("YANZHEN_PROVINCE", "370000")

DATABASES = {"default": _database(os.environ.get("DATABASE_URL", "postgresql:///yanzhen"))}
WEB_ROLE = "yanzhen_web"
"""The database role that web and worker log in as: it may add records but never change or remove one."""

OUTBOX_HOSTS = frozenset(_list("YANZHEN_OUTBOX_HOSTS", ""))
"""Hosts, as their addresses write them, to which notices may go though they lie in an inner network or speak plain http."""

USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
LANGUAGES = (("zh-hans", _("简体中文")), ("en", _("English")))
LOCALE_PATHS = [BASE_DIR / "locale"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "yanzhen.config.urls"
WSGI_APPLICATION = "yanzhen.config.wsgi.application"
AUTH_USER_MODEL = "foundation.Account"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_cotton.apps.SimpleAppConfig",
    "django_filters",
    "django_htmx",
    "yanzhen.foundation",
    "yanzhen.foundation.outbox",
    "yanzhen.engines.procedures",
    "yanzhen.engines.honours",
    "yanzhen.engines.indicators",
    "yanzhen.engines.search",
    "yanzhen.engines.programmes",
    "yanzhen.engines.programmes.works",
    "yanzhen.engines.programmes.panels",
    "yanzhen.engines.programmes.calibration",
    "yanzhen.engines.programmes.visits",
    "yanzhen.engines.programmes.results",
    "yanzhen.engines.programmes.notices",
    "yanzhen.engines.programmes.certificates",
    "yanzhen.domains.hotline",
    "yanzhen.domains.hotline.closing",
    "yanzhen.domains.hotline.rosters",
    "yanzhen.domains.hotline.routing",
    "yanzhen.domains.hotline.reconciliation",
    "yanzhen.domains.hotline.knowledge",
    "yanzhen.domains.hotline.calls",
    "yanzhen.engines.classifier",
    "yanzhen.domains.hotline.classification",
    "yanzhen.engines.similarity",
    "yanzhen.domains.hotline.hotspots",
    "yanzhen.domains.hotline.repeats",
    "yanzhen.domains.craftsmen",
    "yanzhen.faces.console",
    "yanzhen.faces.portal",
    "procrastinate.contrib.django",  # last: it looks for jobs, which name what the others declare
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "yanzhen.faces.http.PlainTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "yanzhen.faces.http.ScopeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "yanzhen.faces.http.RefusalMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "faces" / "templates"],
        "OPTIONS": {
            "builtins": ["django_cotton.templatetags.cotton", "yanzhen.faces.tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "yanzhen.faces.http.chrome",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]
FORM_RENDERER = "yanzhen.faces.looks.Renderer"
MESSAGE_TAGS = {40: "danger"}

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("YANZHEN_STATIC_ROOT", DATA_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "faces" / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "attachments"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/console/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "yanzhen.faces.login.adapter.StaffAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
"""Guesses are counted by faces.login.tries: over all processes, and so that no stranger locks an agent out."""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("YANZHEN_PROXIES", "0"))
"""Reverse proxies in front: without it behind a proxy, everybody looks like one address."""
MFA_ADAPTER = "yanzhen.faces.login.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "雁阵"
PROCRASTINATE_IMPORT_PATHS = ["yanzhen.faces.login.second_factor"]
"""Where the worker finds what is sealed outside the apps' own tables (foundation.keys)."""
SECOND_FACTOR_RIGHTS = ("account.edit",)
"""Who holds one of these rights works only with a second factor, except in the demo."""
OIDC_APP = {
    "provider_id": "sso",
    "name": os.environ.get("YANZHEN_OIDC_NAME", "统一身份认证"),
    "client_id": os.environ.get("YANZHEN_OIDC_ID", ""),
    "secret": os.environ.get("YANZHEN_OIDC_SECRET", ""),
    "settings": {"server_url": os.environ.get("YANZHEN_OIDC_SERVER", ""), "oauth_pkce_enabled": True},
}
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [OIDC_APP] if OIDC_APP["client_id"] else []}}
SOCIALACCOUNT_ADAPTER = "yanzhen.faces.login.oidc.OidcAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
"""Under `form-action 'self'` browsers do not follow a form to the provider; a link they do."""
SOCIALACCOUNT_ONLY = False
SESSION_ENGINE = "yanzhen.faces.login.sessions"
SESSION_IDLE_SECONDS = 60 * int(os.environ.get("YANZHEN_IDLE_MINUTES", "30"))
MIDDLEWARE += ["yanzhen.faces.login.middleware.StaffMiddleware"]

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _flag("YANZHEN_HTTPS")
SECURE_HSTS_SECONDS = 31536000 if _flag("YANZHEN_HTTPS") else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _flag("YANZHEN_HTTPS") else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"procrastinate": {"level": "WARNING"}},
}
