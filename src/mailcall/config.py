"""The settings of one installation: from the environment (`MAILCALL_...`) and a TOML file."""

import os
import re
import tomllib
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from mailcall import keyring

FILE_VARIABLE = "MAILCALL_CONFIG"
_SECRETIVE = {"database_url", "file_storage_options"}  # they may hold a password
DEFAULT_FILES = (Path("mailcall.toml"), Path("/etc/mailcall/mailcall.toml"))


class ConfigError(Exception):
    """The settings can't be used. The text says which, and what to do."""


class Config(BaseSettings):
    """One installation. A variable of the environment wins over the file, the file over the default."""

    model_config = SettingsConfigDict(env_prefix="MAILCALL_", extra="forbid", frozen=True)

    data_dir: Path = Field(Path("data"), description="Folder for the database, keys, large mails and locks.")
    base_url: str = Field("http://127.0.0.1:8025", description="How people reach the pages; used in links.")
    listen: str = Field("127.0.0.1:8025", description="Address and port that the pages are served on.")
    behind_proxy: bool = Field(
        False, description="Whether a reverse proxy sets X-Forwarded-For and X-Forwarded-Proto."
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="A PostgreSQL database, postgresql://user:password@host:5432/name; empty: SQLite in the "
        "data folder.",
    )
    file_storage: str = Field(
        "",
        description="Class of the Django storage that keeps large mails and attachments, such as "
        "`storages.backends.s3.S3Storage`; empty: the folder `files` in the data folder.",
    )
    file_storage_options: dict[str, Any] = Field(
        {}, description="Options of that class, such as `bucket_name` and `endpoint_url`."
    )
    key_file: Path | None = Field(None, description="Key ring; `keys` in the data folder by default.")
    web_workers: int = Field(1, ge=1, le=64, description="Processes that serve the pages.")
    readers: int | None = Field(
        None, ge=1, le=64, description="Processes that read mail; by default one for each core, at most two."
    )
    check_interval: int = Field(
        60, ge=1, le=86_400, description="Seconds between checks of an account that sets none of its own."
    )
    log_format: Literal["console", "json"] = Field("console", description="How log lines are written.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    metrics_listen: str = Field(
        "",
        description="Address and port where the service answers Prometheus, such as 127.0.0.1:9464; empty: "
        "nowhere.",
    )
    alarm_command: str = Field(
        "", description="Shell command that is run with an alarm's sentence on its standard input."
    )
    alarm_url: str = Field("", description="Web hook that an alarm is posted to as JSON.")
    round_trip_account: str = Field(
        "",
        description="Incoming account to whose address Mailcall writes to itself, to see whether mail comes "
        "and goes; empty: none.",
    )
    round_trip_every: int = Field(300, ge=60, le=86_400, description="Seconds between two such mails.")
    round_trip_limit: int = Field(
        300, ge=30, le=86_400, description="Seconds within which one must come back; else it is an alarm."
    )
    answers_an_hour: int = Field(
        5,
        ge=1,
        le=10_000,
        description="Acknowledgements and other answers that one sender gets within an hour at most.",
    )
    command_answers_an_hour: int = Field(
        30,
        ge=1,
        le=10_000,
        description="Answers to commands, and questions whether one was theirs, that a sender on record gets "
        "within an hour at most, besides.",
    )
    answers_a_day_on_a_call: int = Field(
        20, ge=1, le=10_000, description="Answers that one call causes within a day at most."
    )
    retention_hour: int = Field(
        3, ge=0, le=23, description="Hour of the day, by `time_zone`, from which the retention rules run."
    )
    language: str = Field(
        "en",
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="Language of mails to people who have none of their own, such as de.",
    )
    time_zone: str = Field("UTC", description="Time zone that the pages show, such as Europe/Berlin.")
    lmtp_listen: str = Field(
        "",
        description="Where the Messaging Service takes mail by LMTP, such as `127.0.0.1:2424`, `[::1]:2424` "
        "or `unix:/run/mailcall/lmtp`; empty: nowhere.",
    )
    verify_dkim: bool = Field(True, description="Whether DKIM signatures are verified, with keys from DNS.")
    dns_servers: str = Field(
        "",
        description="Name servers to ask for those keys, such as `192.0.2.53` or `[2001:db8::53]:5353`, "
        "separated by white space; empty: the machine's own.",
    )
    antivirus_daemon: str = Field(
        "",
        description="Where clamd looks through each mail that comes, such as `unix:/run/clamav/clamd.ctl` or "
        "`127.0.0.1:3310`; empty: nobody does.",
    )
    demo: bool = Field(False, description="Set by `mailcall demo`: shows the sandbox pages and sign-ins.")
    sandbox_smtp: str = Field("", description="Set by `mailcall demo`: where its sandbox takes mail.")

    @field_validator("alarm_url")
    @classmethod
    def _is_web_hook(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("must look like https://chat.example.com/hooks/abc")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must look like https://desk.example.com")
        return value.rstrip("/")

    @field_validator("listen", "metrics_listen")
    @classmethod
    def _is_address(cls, value: str, info: ValidationInfo) -> str:
        return _host_and_port(value) if value or info.field_name == "listen" else value

    @field_validator("lmtp_listen")
    @classmethod
    def _is_for_lmtp(cls, value: str) -> str:
        if value and _path_or_port(value).endswith(":25") and not value.startswith("unix:"):
            raise ValueError("must not be port 25 (RFC 2033 5)")
        return value

    @field_validator("antivirus_daemon")
    @classmethod
    def _is_daemon(cls, value: str) -> str:
        return _path_or_port(value) if value else value

    @field_validator("dns_servers")
    @classmethod
    def _are_name_servers(cls, value: str) -> str:
        for word in value.split():
            _address_and_port(word)
        return value

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            django_database(value.get_secret_value())
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone; one looks like Europe/Berlin") from None
        return value

    @field_validator("data_dir", "key_file")
    @classmethod
    def _is_absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else value

    @property
    def listen_host(self) -> str:
        """The address of `listen`, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        """The port of `listen`."""
        return int(self.listen.rpartition(":")[2])

    @property
    def name_servers(self) -> tuple[tuple[str, int], ...]:
        """The addresses and ports of `dns_servers`; none: the machine's own are to be asked."""
        return tuple(map(_address_and_port, self.dns_servers.split()))

    @property
    def keys_path(self) -> Path:
        """Where the key ring is."""
        return self.key_file or self.data_dir / "keys"

    @property
    def embedded(self) -> bool:
        """Whether the database is SQLite in the data folder rather than a PostgreSQL server."""
        return not self.database_url.get_secret_value()

    @property
    def database_shown(self) -> str:
        """The database as people may see it: without its password."""
        if self.embedded:
            return str(self.database_path)
        parts = django_database(self.database_url.get_secret_value())
        return f"{parts['NAME']} on {parts['HOST'] or 'the local PostgreSQL'}"

    @property
    def database_path(self) -> Path:
        """The embedded database."""
        return self.data_dir / "mailcall.sqlite3"

    @property
    def files_dir(self) -> Path:
        """Large raw mails and attachments, named by SHA-256."""
        return self.data_dir / "files"

    @property
    def spool_dir(self) -> Path:
        """Big mails on their way from a mailbox to the journal."""
        return self.data_dir / "spool"

    @property
    def locks_dir(self) -> Path:
        """One file for each live process that works on the tables."""
        return self.data_dir / "locks"

    def ring(self) -> keyring.Keyring:
        """The key ring; made with the first start, never beside a database in use. Raises KeyringError.

        Whether a database on a server is in use can't be told yet, and its machines must share one ring:
        there `mailcall keys create` makes it.
        """
        path = self.database_path
        in_use = not self.embedded or (path.exists() and path.stat().st_size > 0)
        return keyring.read(self.keys_path) if in_use else keyring.ensure(self.keys_path)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, _read_file())


def _address_and_port(word: str) -> tuple[str, int]:
    """Read the address of a name server, with its port or without. Raises ValueError."""
    bracketed = re.fullmatch(r"\[(.+)\](?::(\d{1,5}))?|([^:]+):(\d{1,5})", word)
    address, port = (bracketed[1] or bracketed[3], bracketed[2] or bracketed[4]) if bracketed else (word, "")
    try:
        ip_address(address)
    except ValueError:
        raise ValueError("must hold addresses such as 192.0.2.53 or [2001:db8::53]:5353") from None
    if not 0 < int(port or 53) < 65_536:
        raise ValueError("must hold ports from 1 to 65535")
    return address, int(port or 53)


def _host_and_port(value: str) -> str:
    """Give the value if it is an address with a port. Raises ValueError."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError("must look like 127.0.0.1:8025")
    return value


def _path_or_port(value: str) -> str:
    """Give the value if it is a local socket or an address with a port. Raises ValueError."""
    path = value.removeprefix("unix:")
    if path == value:
        return _host_and_port(value)
    if not path.startswith("/") or len(os.fsencode(path)) > 100:  # the kernel takes 107 bytes
        raise ValueError("must hold an absolute path of at most 100 bytes after unix:")
    return value


def django_database(url: str) -> dict[str, Any]:
    """Django's settings for a PostgreSQL URL, in libpq's form. Raises ValueError: what it must look like.

    Read by libpq itself, so that several hosts and every option of its own are understood.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    wrong = ValueError("must look like postgresql://user:password@host:5432/name")
    if not url.startswith(("postgresql://", "postgres://")):
        raise wrong
    try:
        options = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        raise wrong from None
    name = options.pop("dbname", "")
    if "@" in options.get("host", ""):
        raise ValueError("must have an @ of its password as %40")
    if not name or "/" in name or not re.fullmatch(r"[\d,]*", options.get("port", "")):
        raise wrong
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": options.pop("port", ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 10,
            "application_name": "mailcall",
            "prepare_threshold": 5,  # of what the `database` room sends with values apart
            # A server that is gone is noticed within half a minute.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 25_000,
            # A worker that freezes inside a transaction, or whose machine is gone, must not hold its rows
            # from those that take over.
            "options": "-c idle_in_transaction_session_timeout=20000 -c tcp_keepalives_idle=10 "
            "-c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
            **options,
        },
    }


def _read_file() -> dict[str, Any]:
    named = os.environ.get(FILE_VARIABLE)
    candidates = (Path(named),) if named else DEFAULT_FILES
    for path in candidates:
        try:
            with path.open("rb") as file:
                return tomllib.load(file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(f"{path} can't be read: {error.strerror}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not valid TOML: {error}.") from None
    if named:
        raise ConfigError(f"{named}, named by {FILE_VARIABLE}, does not exist.")
    return {}


def _sentence(error: ValidationError) -> str:
    parts = []
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            parts.append(f"there is no setting `{name}`")
        else:
            shown = "" if name in _SECRETIVE else f" (it is {item['input']!r})"
            parts.append(f"`{name}` {item['msg'].removeprefix('Value error, ')}{shown}")
    return "The settings can't be used: " + "; ".join(parts) + "."


@cache
def config() -> Config:
    """The settings of this process, read once. Raises ConfigError with a sentence for people."""
    try:
        return Config()  # type: ignore[call-arg]  # every field has a default
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from None
    except SettingsError as error:  # a variable that should hold JSON
        name = re.search(r'field "(\w+)"', str(error))
        raise ConfigError(f"The settings can't be used: `{name[1] if name else '?'}` is not JSON.") from None
