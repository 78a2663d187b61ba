"""What an outgoing server shows whoever tests it, against a real Postfix."""

import dataclasses
from pathlib import Path

import pytest

from mailcall.transport.interface import ServerTrouble, TransportSettings
from mailcall.transport.probing import probe
from servers.dovecot import Dovecot
from servers.postfix import Postfix
from servers.proxy import Proxy, on, says_instead

pytestmark = pytest.mark.servers


@pytest.fixture
def settings(postfix: Postfix, dovecot: Dovecot) -> TransportSettings:
    return TransportSettings(
        server="localhost",
        port=postfix.smtp_port,
        login=dovecot.new_user(),
        password="secret",
        ca_file=postfix.ca_file,
    )


def test_it_says_protection_certificate_sign_in_and_size(settings: TransportSettings) -> None:
    said = " ".join(probe("smtp", settings))
    assert f"Connected with localhost:{settings.port}." in said
    assert "TLS 1.3 protects the connection, with TLS_" in said
    assert "Its certificate is for localhost" in said
    assert f"Signed in as {settings.login} by PLAIN." in said
    assert "It takes mails of at most " in said
    assert "It has PIPELINING, 8BITMIME" in said
    assert "secret" not in said


def test_it_says_that_nothing_protects_the_connection(settings: TransportSettings) -> None:
    plain = dataclasses.replace(settings, security="plain", login="")
    said = " ".join(probe("smtp", plain))
    assert "Nothing protects the connection" in said
    assert "Not signed in, as the settings say. It offers " in said


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"password": "wrong"}, "did not accept login and password"),
        ({"ca_file": ""}, "can't be trusted"),
        ({"security": "tls"}, "No protected connection"),
        ({"port": 1}, "Nothing accepts connections"),
        ({"auth_method": "scram-sha-256"}, "offers no sign-in by scram-sha-256"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(
    settings: TransportSettings, wrong: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ServerTrouble, match=sentence):
        probe("smtp", dataclasses.replace(settings, **wrong))


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        (b"250 SIZE", "It has no limit of size."),
        (b"250 SIZE 0", "It has no limit of size."),
        (b"250 SIZE nonsense", "It has no limit of size."),
        (b"250 HELP", "It announces no limit of size."),
        (b"250 SIZE 10485760", "It takes mails of at most 10.0 MB (10,485,760 bytes)."),
    ],
)
def test_whatever_it_announces_is_read(
    settings: TransportSettings, postfix: Postfix, size: bytes, sentence: str
) -> None:
    with Proxy("smtp", postfix.smtp_port) as proxy:
        proxy.fault = on("EHLO", says_instead(b"250-me\r\n" + size + b"\r\n"))
        plain = dataclasses.replace(settings, security="plain", login="", port=proxy.port)
        assert sentence in probe("smtp", plain)


def test_a_folder_is_looked_at(tmp_path: Path) -> None:
    assert probe("maildir", TransportSettings(path=str(tmp_path))) == [f"The folder {tmp_path} is there."]
    with pytest.raises(ServerTrouble, match="There is no folder"):
        probe("maildir", TransportSettings(path=str(tmp_path / "nowhere")))
