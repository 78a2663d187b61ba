"""Secrets at rest: encrypted in the table, shown by nothing."""

import json

import pytest
from django.core import serializers
from django.db import connection
from django.forms.models import model_to_dict

from desks import Desk
from mailcall import keyring
from mailcall.config import config
from mailcall.database.fields import Secret
from mailcall.inbound.models import IncomingAccount

SECRET = "correct horse battery"


@pytest.fixture
def account(desk: Desk) -> IncomingAccount:
    desk.account.password = SECRET
    desk.account.save()
    return desk.account


def stored(account: IncomingAccount) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM inbound_incomingaccount WHERE id = %s", [account.pk])
        return cursor.fetchone()[0]


def test_the_table_holds_no_secret(account: IncomingAccount) -> None:
    assert SECRET not in stored(account)
    assert IncomingAccount.objects.get().password.reveal() == SECRET


def test_a_secret_can_be_used_before_it_was_read_back(account: IncomingAccount) -> None:
    assert account.mailbox_settings().password == SECRET
    fresh = IncomingAccount(name="New", password=SECRET)
    assert fresh.password.reveal() == SECRET
    assert not IncomingAccount(name="None").password


@pytest.mark.parametrize("read_back", [True, False])
def test_nothing_shows_a_secret(account: IncomingAccount, read_back: bool) -> None:
    if read_back:
        account = IncomingAccount.objects.get()
    shown = [
        repr(account.password),
        str(account.password),
        f"{account.password}",
        repr(account),
        repr(vars(account)),
        repr(model_to_dict(account)),
        repr(account.mailbox_settings()),
        serializers.serialize("json", [account]),
        json.dumps(list(IncomingAccount.objects.values("password")), default=str),
    ]
    for text in shown:
        assert SECRET not in text


def test_saving_again_keeps_it(account: IncomingAccount) -> None:
    before = stored(account)
    again = IncomingAccount.objects.get()
    again.save()
    assert stored(account) == before
    again.password = ""
    again.save()
    assert stored(account) == ""


def test_a_secret_of_another_ring_is_one_sentence(account: IncomingAccount, tmp_path: object) -> None:
    account.password = Secret(keyring.create(tmp_path / "others").encrypt("x"))
    with pytest.raises(keyring.KeyringError, match="was the key file replaced"):
        account.mailbox_settings()


def test_a_rotation_needs_no_restart(account: IncomingAccount) -> None:
    keyring.add_key(config().keys_path)
    assert IncomingAccount.objects.get().password.reveal() == SECRET
