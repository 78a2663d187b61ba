"""Several workers act on one journal: side by side, in order where it matters, and nothing twice."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from desks import Desk, mail
from installations import ON_POSTGRESQL
from mailcall.desk.models import Call, Person
from mailcall.inbound import act, apply, claims
from mailcall.inbound.act import act_on_all
from mailcall.inbound.claims import Chunk, ClaimLost, Claims, EarlierRanOut, open_claims
from mailcall.inbound.collect import collect
from mailcall.inbound.dependence import keys_of_all
from mailcall.inbound.models import Claim, IncomingAccount, ReceivedMail
from mailcall.inbound.readers import read_apart
from mailcall.inbound.reading import Reading
from mailcall.message.evidence import Trust
from mailcall.outbound.threads import signing_keys

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite is for one worker, who claims nothing")


@pytest.fixture
def twos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act, "CHUNK", 2)


def journal(desk: Desk, *raws: bytes) -> list[int]:
    for raw in raws:
        desk.deliver(raw)
    collect(desk.account)
    return list(ReceivedMail.objects.order_by("pk").values_list("pk", flat=True))


def keys(chunk: Chunk) -> dict[int, set[int]]:
    trust = Trust(verify_dkim=False)
    readings: dict[int, tuple[IncomingAccount, Reading]] = {
        received.pk: (received.account, read_apart(received.read_raw(), trust, signing_keys()))
        for received in chunk.mails
    }
    return keys_of_all(readings)


def take(worker: Claims) -> Chunk:
    chunk = worker.take(act._choose)
    assert chunk
    return chunk


def run_out(chunk: Chunk) -> None:
    Claim.objects.filter(pk=chunk.claim).update(until=timezone.now() - dt.timedelta(seconds=1))


def pks(chunk: Chunk) -> list[int]:
    return [received.pk for received in chunk.mails]


@pytest.fixture
def five(desk: Desk, twos: None) -> list[int]:
    """Five mails of five people, claimed two at a time."""
    return journal(desk, *(mail(f"p{number}@customer.example") for number in range(5)))


def test_each_worker_has_mails_of_its_own_in_the_order_in_which_they_came(five: list[int]) -> None:
    ann, bob = Claims("ann"), Claims("bob")
    assert [pks(take(worker)) for worker in (ann, bob, ann)] == [five[:2], five[2:4], five[4:]]
    assert bob.take(act._choose) is None


def test_what_a_worker_gives_back_is_anybodys(five: list[int]) -> None:
    ann, bob = Claims("ann"), Claims("bob")
    ann.give_back(take(ann))
    assert pks(take(bob)) == five[:2]


def test_a_claim_that_is_not_renewed_passes_to_another_who_keeps_its_place(five: list[int]) -> None:
    ann, bob = Claims("ann"), Claims("bob")
    frozen = take(ann)
    later = take(bob)
    run_out(frozen)
    taken_over = take(bob)
    assert pks(taken_over) == five[:2]
    assert taken_over.claim == frozen.claim < later.claim
    with pytest.raises(ClaimLost):
        ann.confirm(frozen)
    with pytest.raises(ClaimLost):
        ann.tell(frozen, lambda: keys(frozen))


def test_nobody_waits_for_a_claim_that_ran_out_so_that_somebody_takes_it_over(five: list[int]) -> None:
    ann, bob = Claims("ann"), Claims("bob")
    frozen = take(ann)
    later = take(bob)
    assert not bob.tell(later, lambda: keys(later))
    run_out(frozen)
    with pytest.raises(EarlierRanOut):
        bob.tell(later, lambda: keys(later))
    bob.give_back(later)
    assert sum(act_on_all()) == 5
    assert not Claim.objects.exists()


@pytest.fixture
def answers(desk: Desk, twos: None) -> None:
    """Two mails, and two that answer the first of them."""
    journal(
        desk,
        mail("a@x.example", message_id="<one@x.example>"),
        mail("other@x.example"),
        mail("b@x.example", in_reply_to="<one@x.example>"),
        mail("c@x.example", in_reply_to="<one@x.example>"),
    )


@pytest.mark.usefixtures("answers")
def test_what_depends_on_a_claim_waits_for_whoever_takes_it_over() -> None:
    ann, bob, cat = Claims("ann"), Claims("bob"), Claims("cat")
    frozen, later = take(ann), take(bob)
    assert ann.tell(frozen, lambda: keys(frozen))
    assert bob.tell(later, lambda: keys(later))
    run_out(frozen)
    taken_over = take(cat)
    assert bob.free(later, pks(later)) == set()
    assert cat.tell(taken_over, lambda: keys(taken_over))
    assert bob.free(later, pks(later)) == set()


@pytest.mark.usefixtures("answers")
def test_what_is_given_back_undone_keeps_its_place() -> None:
    ann, bob, cat = Claims("ann"), Claims("bob"), Claims("cat")
    stopped, later = take(ann), take(bob)
    assert ann.tell(stopped, lambda: keys(stopped))
    assert bob.tell(later, lambda: keys(later))
    ann.give_back(stopped)
    with pytest.raises(EarlierRanOut):
        bob.free(later, pks(later))
    bob.give_back(later)
    assert [take(cat).claim for _ in range(2)] == [stopped.claim, later.claim]


def test_what_a_worker_could_not_give_back_is_its_own_again_at_once(five: list[int]) -> None:
    """The database was away when its run ended."""
    before = take(Claims("ann"))
    again = take(Claims("ann"))
    assert (again.claim, pks(again)) == (before.claim, five[:2])


def test_a_claim_is_renewed_while_its_worker_works(five: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "RENEW_SECONDS", -1.0)
    ann = Claims("ann")
    chunk = take(ann)
    run_out(chunk)
    assert not ann.lost()
    assert Claim.objects.get().until > timezone.now()
    Claim.objects.update(holder="another")
    assert ann.lost()


def test_nobody_acts_before_the_earlier_ones_have_told_what_they_depend_on(five: list[int]) -> None:
    ann, bob = Claims("ann"), Claims("bob")
    first, second = take(ann), take(bob)
    assert not bob.tell(second, lambda: keys(second))
    assert ann.tell(first, lambda: keys(first))
    assert bob.tell(second, lambda: keys(second))
    assert bob.free(second, pks(second)) == set(five[2:4])


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (mail("new@x.example"), mail("new@x.example")),
        (
            mail("a@x.example", message_id="<one@x.example>"),
            mail("b@x.example", in_reply_to="<one@x.example>"),
        ),
        (mail("a@x.example", subject="[Call 1]"), mail("b@x.example", subject="Re: [Call 1] Laptop")),
        (mail("a@x.example", in_reply_to="<base@x.example>"), mail("b@x.example", subject="[Call 1]")),
        (mail("a@x.example"), mail("b@x.example", subject="[Call 999]")),
        (mail("a@x.example", subject="[Call 1]"), mail("b@x.example", subject="CLOSE CALL 1")),
        (mail("a@x.example", subject="UPDATE CALL 1: x"), mail("b@x.example", subject="CLOSE CALL 1")),
        (mail("a@x.example", subject="UPDATE REQUEST 7"), mail("b@x.example", subject="[Request 7] Laptop")),
    ],
    ids=[
        "sender",
        "answer",
        "call",
        "answer-on-a-call",
        "a-call-that-may-come",
        "command-on-a-call",
        "two-commands",
        "request",
    ],
)
def test_a_mail_waits_for_an_earlier_one_that_it_depends_on(
    desk: Desk, twos: None, earlier: bytes, later: bytes
) -> None:
    desk.receive(mail(message_id="<base@x.example>"))
    number = Call.objects.get().pk
    others = mail("other@x.example"), mail("else@x.example")
    raws = (others[0], earlier, later, others[1])
    numbered = (raw.replace(b"[Call 1]", b"[Call %d]" % number) for raw in raws)
    journal(desk, *(raw.replace(b"CALL 1", b"CALL %d" % number) for raw in numbered))
    ann, bob = Claims("ann"), Claims("bob")
    first, second = take(ann), take(bob)
    ann.tell(first, lambda: keys(first))
    bob.tell(second, lambda: keys(second))
    waits, free = pks(second)
    assert bob.free(second, pks(second)) == {free}
    ann.done(first, set(pks(first)))
    assert bob.free(second, pks(second)) == {waits, free}


def test_what_depends_on_a_mail_that_waits_waits_too(desk: Desk, twos: None) -> None:
    journal(
        desk,
        mail("a@x.example", message_id="<one@x.example>"),
        mail("other@x.example"),
        mail("b@x.example", message_id="<two@x.example>", in_reply_to="<one@x.example>"),
        mail("c@x.example", in_reply_to="<two@x.example>"),
    )
    ann, bob = Claims("ann"), Claims("bob")
    first, second = take(ann), take(bob)
    ann.tell(first, lambda: keys(first))
    bob.tell(second, lambda: keys(second))
    assert bob.free(second, pks(second)) == set()


def test_a_chunk_that_was_taken_over_is_not_acted_on(
    five: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker froze after reading; another has claimed its mails when it goes on."""

    def frozen(items: list) -> None:
        Claim.objects.update(holder="another")

    monkeypatch.setattr(act, "_keep_files", frozen)
    assert list(act_on_all()) == []
    assert not Call.objects.exists()
    assert set(open_claims().values_list("holder", flat=True)) == {"another"}
    assert set(ReceivedMail.objects.values_list("state", "attempts")) == {("new", 0)}


def test_a_run_leaves_no_claim_behind(five: list[int]) -> None:
    assert sum(act_on_all()) == 5
    assert not Claim.objects.exists()
    assert Call.objects.count() == 5


@pytest.fixture
def another_session(tmp_path: Path) -> Iterator[object]:
    """A second connection with the database of the test."""
    import psycopg

    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], password=settings["PASSWORD"],
        dbname=settings["NAME"],
    ) as session:  # fmt: skip
        yield session


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_froze_while_it_acted_keeps_its_claim_until_its_transaction_ends(
    desk: Desk, twos: None, another_session: object
) -> None:
    journal(desk, mail("a@x.example"), mail("b@x.example"))
    ann, bob = Claims("ann"), Claims("bob")
    chunk = take(ann)
    run_out(chunk)
    another_session.execute("SELECT 1 FROM inbound_claim FOR UPDATE")
    assert bob.take(act._choose) is None
    another_session.rollback()
    assert pks(take(bob)) == pks(chunk)


def test_acting_is_confirmed_within_its_transaction(five: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    people = Person.objects.count()
    healthy = apply._act

    def lost_meanwhile(items: list) -> list:
        done = healthy(items)
        Claim.objects.update(holder="another")
        return done

    monkeypatch.setattr(apply, "_act", lost_meanwhile)
    assert list(act_on_all()) == []
    assert Person.objects.count() == people
    assert not Call.objects.exists()
