"""What an account believes about senders, from its settings."""

import pytest
from django.core.exceptions import ValidationError

from mailcall.config import config
from mailcall.inbound.models import IncomingAccount
from mailcall.message import Trust

OWN = frozenset({"support@desk.example"})


def test_an_account_tells_what_it_trusts() -> None:
    account = IncomingAccount(
        trusted_hosts="mx.desk.example\n.inner.example",
        trusted_sealers="lists.example",
        internal_marker="X-Internal :  yes indeed ",
        verify_dkim=False,
    )
    assert account.trust(OWN) == Trust(
        hosts=frozenset({"mx.desk.example", ".inner.example"}),
        sealers=frozenset({"lists.example"}),
        internal_marker=("X-Internal", "yes indeed"),
        verify_dkim=False,
        own_addresses=OWN,
    )


def test_a_new_account_trusts_nobody_and_verifies_signatures() -> None:
    assert IncomingAccount().trust(OWN) == Trust(own_addresses=OWN)


def test_an_installation_can_leave_signatures_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    off = config().model_copy(update={"verify_dkim": False})
    monkeypatch.setattr("mailcall.inbound.models.config", lambda: off)
    assert not IncomingAccount().trust(OWN).verify_dkim


@pytest.mark.parametrize("marker", ["X-Internal", "X-Internal:", ": yes", "X Internal: yes", "X-Internal: "])
def test_a_marker_must_be_a_name_and_a_value(marker: str) -> None:
    with pytest.raises(ValidationError, match="It must look like"):
        IncomingAccount(internal_marker=marker).clean()
