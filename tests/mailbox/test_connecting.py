"""What all protocols of a network hold to when they connect."""

import pytest

from mailcall.mailbox.connecting import refuse_to_be_overheard
from mailcall.mailbox.interface import MailboxError, MailboxSettings, Security

AWAY = ["192.0.2.1", "10.0.0.7", "2001:db8::1", "fe80::1%eth0", "::ffff:192.0.2.1"]
HERE = ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]


def settings(security: Security, method: str) -> MailboxSettings:
    return MailboxSettings(server="mail.example", port=110, security=security, auth_method=method)


@pytest.mark.parametrize("address", AWAY)
def test_no_password_goes_readable_to_another_machine(address: str) -> None:
    with pytest.raises(MailboxError, match="readable for all on the way") as caught:
        refuse_to_be_overheard(settings(Security.PLAIN, "auto"), address)
    assert caught.value.temporary is False


@pytest.mark.parametrize("address", AWAY)
def test_it_goes_there_protected_or_when_the_method_is_named(address: str) -> None:
    refuse_to_be_overheard(settings(Security.TLS, "auto"), address)
    refuse_to_be_overheard(settings(Security.STARTTLS, "auto"), address)
    refuse_to_be_overheard(settings(Security.PLAIN, "plain"), address)


@pytest.mark.parametrize("address", HERE)
def test_nobody_listens_within_this_machine(address: str) -> None:
    refuse_to_be_overheard(settings(Security.PLAIN, "auto"), address)
