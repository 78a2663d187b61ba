"""Two answers to approval mails at the same moment: one decision, and nobody waits for ever."""

import datetime as dt

import pytest
from django.db import transaction

from desk.offices import START, Office, approval, asked, task
from desk.test_work_at_once import at_once
from installations import ON_POSTGRESQL
from mailcall.desk.approvals import decide
from mailcall.desk.delegations import delegate
from mailcall.desk.errors import Refused
from mailcall.desk.models import Approval, Person
from mailcall.desk.work_states import Verb
from mailcall.outbound import tokens
from mailcall.outbound.models import Token

pytestmark = [
    pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite one writes after the other"),
    pytest.mark.django_db(transaction=True),
]


def answer(office: Office, text: str, person: Person, one: Approval) -> None:
    """Decide by a token, as an answer to an approval mail does."""
    with transaction.atomic():
        if why_not := tokens.use(text, person, one, office.now):
            raise Refused(why_not)
        decide(one, Verb.APPROVE, office.deed(person, proof="token"))


def test_of_two_uses_of_one_token_one_wins() -> None:
    office = Office.open()
    for _ in range(5):
        request = office.request(approval("ask", by=(office.ann,)))
        one = asked(task(request, "ask"), office.ann)
        text = tokens.give(one, office.ann, office.now).text
        refused = at_once(*[lambda t=text, o=one: answer(office, t, office.ann, o)] * 2)
        assert sorted(map(bool, refused)) == [False, True]
        assert "This token was used on" in "".join(refused)
        assert Approval.objects.get(pk=one.pk).state == "approved"


def test_an_approver_and_their_delegate_never_wait_for_each_other() -> None:
    office = Office.open()
    week = dt.timedelta(days=7)
    delegate(office.ann, office.bob, starts_at=START, ends_at=START + week, made_by=office.ann, now=START)
    for _ in range(5):
        request = office.request(approval("ask", by=(office.ann,)))
        one = asked(task(request, "ask"), office.ann)
        texts = {token.person: token.text for token in Token.objects.filter(approval=one)}
        assert set(texts) == {office.ann, office.bob}
        refused = at_once(*(lambda p=p, t=t, o=one: answer(office, t, p, o) for p, t in texts.items()))
        assert sorted(map(bool, refused)) == [False, True]
        assert "when what it was for changed" in "".join(refused)
