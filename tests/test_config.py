"""The settings of an installation: defaults, file, environment; and sentences for what is wrong."""

from pathlib import Path

import pytest

from mailcall import config as room
from mailcall.config import Config, ConfigError


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but those that a test gives."""
    import os

    for name in [name for name in os.environ if name.startswith("MAILCALL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(room, "DEFAULT_FILES", (Path("mailcall.toml"),))


def load() -> Config:
    return room.config.__wrapped__()


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = load()
    assert settings.data_dir == tmp_path / "data"
    assert settings.keys_path == tmp_path / "data" / "keys"
    assert (settings.listen_host, settings.listen_port) == ("127.0.0.1", 8025)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mailcall.toml").write_text('check_interval = 30\nlog_level = "debug"\n')
    monkeypatch.setenv("MAILCALL_CHECK_INTERVAL", "15")
    settings = load()
    assert (settings.check_interval, settings.log_level, settings.log_format) == (15, "debug", "console")


def test_a_named_file_is_read_instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mailcall.toml").write_text("check_interval = 30\n")
    (tmp_path / "other.toml").write_text("web_workers = 2\n")
    monkeypatch.setenv("MAILCALL_CONFIG", str(tmp_path / "other.toml"))
    settings = load()
    assert (settings.check_interval, settings.web_workers) == (60, 2)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("chekc_interval = 30", "The settings can't be used: there is no setting `chekc_interval`."),
        ("check_interval = 0", "`check_interval` "),
        ('check_interval = "often"', "`check_interval` "),
        ("web_workers = 1000", "`web_workers` "),
        ('log_level = "loud"', "`log_level` "),
        ('base_url = "desk.example.com"', "`base_url` must look like https://desk.example.com"),
        ('base_url = "ftp://desk.example.com"', "`base_url` must look like"),
        ('base_url = "http://[::1"', "`base_url` "),
        ('dns_servers = "dns.example"', "`dns_servers` must hold addresses such as 192.0.2.53 or"),
        ('dns_servers = "192.0.2.53:70000"', "`dns_servers` must hold ports from 1 to 65535"),
        ('listen = "8025"', "`listen` must look like 127.0.0.1:8025"),
        ('listen = "127.0.0.1:99999"', "`listen` must look like"),
        ('antivirus_daemon = "clamav"', "`antivirus_daemon` must look like"),
        ('antivirus_daemon = "unix:clamd.ctl"', "`antivirus_daemon` must hold an absolute path"),
        ('lmtp_listen = "127.0.0.1"', "`lmtp_listen` must look like"),
        ('lmtp_listen = "[::1]:25"', "`lmtp_listen` must not be port 25"),
        ('lmtp_listen = "unix:lmtp"', "`lmtp_listen` must hold an absolute path"),
        (f'lmtp_listen = "unix:/{"x" * 100}"', "`lmtp_listen` must hold an absolute path of at most"),
        ('time_zone = "Mars/Base"', "`time_zone` is no time zone; one looks like Europe/Berlin"),
        ('time_zone = "../../etc/passwd"', "`time_zone` is no time zone"),
        ('time_zone = ""', "`time_zone` is no time zone"),
        ("data_dir = 7", "`data_dir` "),
        ("a = b = c", "mailcall.toml is not valid TOML: "),
    ],
)
def test_a_bad_setting_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "mailcall.toml").write_text(content)
    with pytest.raises(ConfigError) as failed:
        load()
    assert sentence in str(failed.value)
    assert "\n" not in str(failed.value)
    assert str(failed.value).endswith((".", ")"))


def test_several_bad_settings_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "mailcall.toml").write_text('nonsense = 1\nlisten = "x"\n')
    with pytest.raises(ConfigError, match=r"`nonsense`.*`listen`|`listen`.*`nonsense`"):
        load()


def test_a_bad_value_of_the_environment_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILCALL_WEB_WORKERS", "many")
    with pytest.raises(ConfigError, match=r"`web_workers` .*'many'"):
        load()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, "named by MAILCALL_CONFIG, does not exist"),
        (lambda path: path.mkdir(), "can't be read: "),
        (lambda path: path.write_bytes(b"\xff\xfe"), "is not valid TOML: "),
    ],
)
def test_a_named_file_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: object, sentence: str
) -> None:
    make(tmp_path / "other.toml")
    monkeypatch.setenv("MAILCALL_CONFIG", str(tmp_path / "other.toml"))
    with pytest.raises(ConfigError, match=sentence):
        load()


@pytest.mark.parametrize(("listen", "host"), [("[::1]:80", "::1"), ("0.0.0.0:80", "0.0.0.0")])
def test_where_the_pages_are_served(monkeypatch: pytest.MonkeyPatch, listen: str, host: str) -> None:
    monkeypatch.setenv("MAILCALL_LISTEN", listen)
    assert (load().listen_host, load().listen_port) == (host, 80)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://desk:hid%20den@db.example:5433/mailcall?sslmode=require", "mailcall on db.example"),
        ("postgres:///mailcall?host=/run/postgresql", "mailcall on /run/postgresql"),
        ("postgresql:///mailcall", "mailcall on the local PostgreSQL"),
        ("", "mailcall.sqlite3"),
    ],
)
def test_the_database_is_shown_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, shown: str
) -> None:
    monkeypatch.setenv("MAILCALL_DATABASE_URL", url)
    settings = load()
    assert settings.database_shown.endswith(shown)
    assert "hid" not in f"{settings.database_shown} {settings!r}"
    assert settings.embedded == (not url)


def test_a_postgresql_url_becomes_djangos_settings() -> None:
    made = room.django_database("postgresql://desk:s%20%40@[::1]:5433/mail%20call?sslmode=require")
    assert (made["NAME"], made["USER"], made["PASSWORD"]) == ("mail call", "desk", "s @")
    assert (made["HOST"], made["PORT"]) == ("::1", "5433")
    assert made["OPTIONS"]["sslmode"] == "require"


def test_a_database_may_have_several_servers_of_which_one_takes_writes() -> None:
    made = room.django_database(
        "postgresql://desk:s@a.example:5433,b.example/mc?target_session_attrs=read-write"
    )
    assert (made["HOST"], made["PORT"]) == ("a.example,b.example", "5433,")
    assert made["OPTIONS"]["target_session_attrs"] == "read-write"
    assert made["OPTIONS"]["keepalives_count"] == 3


def test_an_option_of_the_url_wins_over_ours() -> None:
    made = room.django_database("postgresql://desk@a.example/mc?connect_timeout=3")
    assert made["OPTIONS"]["connect_timeout"] == "3"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hidden@h/d",
        "postgresql://u:hidden@h",
        "postgresql://u:hidden@h:x/d",
        "postgresql://u:hidden@h/d?nonsense=1",
        "postgresql://u:hidden@[::1/d",
        "host=h password=hidden dbname=d",
        "hidden",
    ],
)
def test_a_database_that_is_none_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("MAILCALL_DATABASE_URL", url)
    with pytest.raises(
        ConfigError, match="`database_url` must look like postgresql://user:password@"
    ) as caught:
        load()
    assert "hidden" not in str(caught.value)


def test_a_password_with_an_at_sign_is_no_part_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILCALL_DATABASE_URL", "postgresql://u:se@hidden@h/d")
    with pytest.raises(ConfigError, match="must have an @ of its password as %40") as caught:
        load()
    assert "hidden" not in str(caught.value)
    monkeypatch.setenv("MAILCALL_DATABASE_URL", "postgresql://u:se%40hidden@h/d")
    load()


def test_name_servers_may_have_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILCALL_DNS_SERVERS", "192.0.2.53 192.0.2.54:5353 2001:db8::53 [2001:db8::54]:5353")
    assert load().name_servers == (
        ("192.0.2.53", 53),
        ("192.0.2.54", 5353),
        ("2001:db8::53", 53),
        ("2001:db8::54", 5353),
    )
