"""The settings, and the only place that reads the environment. `docs/settings.md` lists what a person may set."""

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from django.core.exceptions import ImproperlyConfigured

django_stubs_ext.monkeypatch()  # Django's generic classes can be written as such, `ModelAdmin[Job]`

Number = TypeVar("Number", int, float)
DAY, YEAR = 86_400, 31_536_000  # seconds

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
ENV_FILE = Path(env.str("ENV_FILE", str(BASE_DIR / ".env")) or os.devnull)
if ENV_FILE.exists():
    env.read_env(str(ENV_FILE))
elif "ENV_FILE" in os.environ:
    raise ImproperlyConfigured(f"ENV_FILE is {ENV_FILE}, and there is no such file: set it to one, or leave it out.")


def _whole(name: str, default: int, *, least: int, most: int | None = None) -> int:
    """The setting as a whole number in this range."""
    fit = f"a whole number, {least} or more" if most is None else f"a whole number from {least} to {most}"
    return _checked(name, default, int, lambda value: least <= value <= (most or value), fit)


def _number(name: str, default: float, *, least: float, most: float) -> float:
    """The setting as a number in this range."""
    return _checked(name, default, float, lambda value: least <= value <= most, f"a number from {least} to {most}")


def _flag(name: str, default: bool) -> bool:
    """The setting as a switch."""
    text = str(env.str(name, str(default))).lower()
    if text not in {*env.BOOLEAN_TRUE_STRINGS, "0", "false", "off", "no", "n"}:
        raise _unfit(name, text, "1 or 0")
    return text in env.BOOLEAN_TRUE_STRINGS


def _word(name: str, default: str, *choices: str) -> str:
    """The setting as one of these words."""
    text = str(env.str(name, default))
    if text not in choices:
        raise _unfit(name, text, " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]])))
    return text


def _checked(name: str, default: Number, kind: type[Number], fits: Callable[[Number], bool], fit: str) -> Number:
    text = str(env.str(name, str(default)))
    with suppress(ValueError):
        value = kind(text)
        if fits(value):
            return value
    raise _unfit(name, text, fit)


def _unfit(name: str, text: str, fit: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {text.strip() or 'empty'}: set it to {fit}, or leave it out.")


def _prepare(folder: Path) -> Path:
    """Makes the folder of all that this installation keeps, for its owner alone."""
    try:
        (folder / "tmp").mkdir(parents=True, exist_ok=True, mode=0o700)
        _secret(folder / "secret_key")
    except OSError as error:
        raise ImproperlyConfigured(
            f"DATA_DIR is {folder}, which cannot be used ({error.strerror}): "
            "make it yours to write, with room on its disk, or set DATA_DIR to a folder that is."
        ) from error
    return folder


def _secret(path: Path) -> str:
    """The secret kept in `path`, made on first use, readable by its owner alone; whole or not there at all."""
    if not path.exists():
        new = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        new.rename(path)
    return path.read_text()


def _redis_url(folder: Path) -> str:
    """Where the embedded Valkey of this installation listens: its supervisor writes that down."""
    address = folder / "url"
    return address.read_text().strip() if address.exists() else f"unix://{folder / 'valkey.sock'}?db=0"


def _endpoints(name: str) -> frozenset[tuple[str, int]]:
    """The setting as hosts, each with a port."""
    found = set()
    for text in filter(None, map(str.strip, env.str(name, "").split(","))):
        with suppress(ValueError):
            split = urlsplit(f"//{text}")
            if split.hostname and split.port and split.netloc == text and "@" not in text:
                found.add((split.hostname, split.port))
                continue
        raise _unfit(name, text, "hosts with their ports, such as localhost:11434,10.0.0.7:8080")
    return frozenset(found)


def _web_address(name: str) -> str:
    """The setting as an address of the web, without the slash at its end; empty where it is not set."""
    text = env.str(name, "").strip().rstrip("/")
    with suppress(ValueError):
        split = urlsplit(text)
        usable = re.fullmatch(r"[!-~]+", text) and split.scheme in {"http", "https"} and split.hostname
        if not text or (usable and split.port != 0 and "@" not in text and not split.query and not split.fragment):
            return str(text)
    raise _unfit(name, "no address", "one such as https://api.example.org/v1, with no name, key or question in it")


def _header(name: str) -> str:
    """The setting as it goes in one line of a request. What is said of a wrong one does not have it: it is secret."""
    text = str(env.str(name, "").strip())
    if not re.fullmatch(r"[!-~]*", text):
        raise _unfit(name, "no key", "one line of ASCII without spaces")
    return text


# Where things are ------------------------------------------------------------------------------------------------
HOST = env.str("HOST", "127.0.0.1")
PORT = _whole("PORT", 8000, least=0, most=65_535)
DATA_DIR = _prepare(Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).resolve())
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/")
REDIS_URL = env.str("REDIS_URL", "") or _redis_url(DATA_DIR / "valkey")
EMBEDDED_REDIS = not env.str("REDIS_URL", "")

# Bounds ----------------------------------------------------------------------------------------------------------
LEAST_CAP, MOST_CAP = 1, 1000  # also of one that is set while Loupe runs
MAX_CONCURRENT_JOBS = _whole("MAX_CONCURRENT_JOBS", 4, least=LEAST_CAP, most=MOST_CAP)
MAX_CONCURRENT_JOBS_PER_WORKFLOW = _whole("MAX_CONCURRENT_JOBS_PER_WORKFLOW", 0, least=0, most=MOST_CAP)  # 0: no bound
MAX_CONCURRENT_JOBS_PER_USER = _whole("MAX_CONCURRENT_JOBS_PER_USER", 0, least=0, most=MOST_CAP)
QUEUE_ORDER = _word("QUEUE_ORDER", "fifo", "fifo")
WEB_PROCESSES = _whole("WEB_PROCESSES", 1, least=1, most=64)
WORKERS = _whole("WORKERS", 0, least=0, most=1000)  # 0: as many as the cap, at most 32, following it
LEASE_SECONDS = _number("LEASE_SECONDS", 30.0, least=2, most=DAY)
MAX_ATTEMPTS = _whole("MAX_ATTEMPTS", 3, least=1, most=1000)
DRAIN_SECONDS = _number("DRAIN_SECONDS", 5.0, least=0, most=DAY)
JOB_TIMEOUT_SECONDS = _number("JOB_TIMEOUT_SECONDS", 3600.0, least=1, most=YEAR)
WORKER_MEMORY_BYTES = _whole("WORKER_MEMORY_BYTES", 2 * 1024**3, least=1)
MAX_OUTPUT_BYTES = _whole("MAX_OUTPUT_BYTES", 1024**3, least=1)
MIN_FREE_BYTES = _whole("MIN_FREE_BYTES", 64 * 1024**2, least=1)
MAX_WAITING_JOBS_PER_USER = _whole("MAX_WAITING_JOBS_PER_USER", 20_000, least=1, most=1_000_000_000)
MAX_BATCH_JOBS = _whole("MAX_BATCH_JOBS", 5000, least=1, most=1_000_000)
MAX_KEPT_RESULTS = _whole("MAX_KEPT_RESULTS", 100_000, least=0, most=1_000_000_000)  # 0: no cache
MAX_GRAPH_NODES = _whole("MAX_GRAPH_NODES", 500, least=1)
MAX_GRAPH_EDGES = _whole("MAX_GRAPH_EDGES", 2000, least=1)
MAX_GRAPH_BYTES = _whole("MAX_GRAPH_BYTES", 1024**2, least=1)
RETENTION_DAYS = _number("RETENTION_DAYS", 0.0, least=0, most=1_000_000)  # 0: no such rule
RETENTION_JOBS = _whole("RETENTION_JOBS", 0, least=0)
STORAGE_QUOTA_PER_USER = _whole("STORAGE_QUOTA_PER_USER", 0, least=0)  # 0: no bound
MAX_UPLOAD_BYTES = _whole("MAX_UPLOAD_BYTES", 256 * 1024**2, least=1)
HTTP_ALLOW = _endpoints("HTTP_ALLOW")  # what may be reached although it is not on the public internet
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
LLM_BASE_URL = _web_address("LLM_BASE_URL")
LLM_API_KEY = _header("LLM_API_KEY")
LLM_MODEL = env.str("LLM_MODEL", "").strip()
LOUPE_DEMO = _flag("LOUPE_DEMO", True)

# Django ----------------------------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY", "") or _secret(DATA_DIR / "secret_key")
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", ".localhost", "127.0.0.1", "[::1]"])
if HOST not in {"0.0.0.0", "::"}:  # noqa: S104 (not bound here: those names are no host's own)
    ALLOWED_HOSTS.append(f"[{HOST}]" if ":" in HOST else HOST)
if PUBLIC_URL:
    ALLOWED_HOSTS.append(urlsplit(PUBLIC_URL).hostname)
SECURE = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = f"loupe_session_{PORT}"  # cookies know no ports: two installations on one host stay apart
CSRF_COOKIE_NAME = f"loupe_csrf_{PORT}"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_SSL_REDIRECT = False  # the proxy that ends TLS redirects; health checks come by plain HTTP
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # which asks for that redirect
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # its classes are loaded with the addresses: see `project.urls`
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "django_rq",
    "ninja",  # for the page of the API, whose scripts it brings
    "accounts",
    "workflows",
    "runs",
    "project",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "project.security.content_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
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
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
AUTHENTICATION_BACKENDS = ["accounts.backends.Backend"]
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

STATIC_URL = "/static/"
PACKAGES = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("dagre", PACKAGES / "@dagrejs" / "dagre" / "dist"),
    ("htmx", PACKAGES / "htmx.org" / "dist"),
    ("fonts/inter", PACKAGES / "@fontsource-variable" / "inter"),
    ("fonts/mono", PACKAGES / "@fontsource-variable" / "jetbrains-mono"),
]
COMPRESSED_DIR = DATA_DIR / "compressed"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024**2
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "tmp"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": DATA_DIR / "media",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# Database --------------------------------------------------------------------------------------------------------
SQLITE = {
    "ENGINE": "project.db.sqlite3",
    "NAME": DATA_DIR / "loupe.sqlite3",
    "CONN_MAX_AGE": None,  # to open and close one takes 2 ms; project.handler keeps the threads that have them
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
    },
    "TEST": {"NAME": str(DATA_DIR / "test.sqlite3")},
}
DATABASE: dict[str, Any] = env.db_url("DATABASE_URL") if env.str("DATABASE_URL", "") else SQLITE
if DATABASE["ENGINE"] == "django.db.backends.postgresql":
    DATABASE.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 20, "timeout": 10}
    DATABASE.setdefault("CONN_HEALTH_CHECKS", True)  # the pool hands out none that died with a restart of PostgreSQL
    DATABASE["OPTIONS"].setdefault("connect_timeout", 10)  # for workers, which have no pool: see `runs.worker.process`
    # As on SSDs. With the default, made for disks that turn, PostgreSQL reads all jobs from the newest back rather than
    # along the index of those that were asked for.
    DATABASE["OPTIONS"].setdefault("options", "-c random_page_cost=1.1 -c jit=off")
DATABASES = {"default": DATABASE}

CACHES = {
    "default": {  # who failed to sign in: more than a few hundred addresses may try at a time
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}

# Redis, RQ, Channels ---------------------------------------------------------------------------------------------
RQ_QUEUES = {"loupe": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": -1, "SERIALIZER": "rq.serializers.JSONSerializer"}}
RQ_SHOW_ADMIN_LINK = False  # its pages read what workers wrote by pickle: none of them is mounted
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL}], "serializer_format": "json"},
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "redacted": {
            "()": "project.redaction.Redacted",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "redacted"}},
    "loggers": {  # they would tell of addresses, headers and prompts, which may hold secrets
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "openai": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": _word("LOG_LEVEL", "WARNING", "DEBUG", "INFO", "WARNING", "ERROR")},
}
