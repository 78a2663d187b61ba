"""Who is told by which channel and when: settings of partitions, choices of people, quiet hours, floods."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from desk.offices import Office, approval, step
from mailcall.desk import call_handling, calls, closing, events
from mailcall.desk.events import new_origin
from mailcall.desk.handling import forward
from mailcall.desk.models import (
    Call,
    Channel,
    EntryKind,
    Grant,
    Group,
    Membership,
    Partition,
    Person,
    Right,
    Role,
    TimelineEntry,
)
from mailcall.outbound import digests
from mailcall.outbound.instructions import Instruction, put
from mailcall.outbound.message_types import CALL_REPLY, TYPES, Audience
from mailcall.outbound.models import (
    Delivery,
    DigestItem,
    Message,
    Notice,
    NotificationSettings,
    NotTold,
    OccasionSetting,
    PersonChoice,
    PersonNotices,
    Wish,
)
from mailcall.outbound.reading_hours import next_time, quiet_until
from mailcall.outbound.recipients import Recipient
from outbound.told import forget, mailed, mails, told, told_anything

UMA, ANN, BOB = "uma@customer.example", "ann@desk.example", "bob@desk.example"
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


@pytest.fixture
def call(office: Office) -> Call:
    return Call.objects.create(
        partition=office.partition, subject="No light", user=office.uma, analyst=office.ann
    )


def settings(office: Office, **values: object) -> NotificationSettings:
    """The notification settings of the office, saved anew."""
    NotificationSettings.objects.filter(partition=office.partition).delete()
    return NotificationSettings.objects.create(partition=office.partition, **values)


def add_note(call: Call, office: Office, text: str = "It is the bulb.") -> None:
    """A note of Bob's, of which Ann in charge is to hear."""
    calls.add_note(call, actor=office.bob, text=text, channel=Channel.PAGE)


def mail_arrives(call: Call, writer: Person, text: str) -> None:
    """Mail updates a call."""
    deed = mailed(writer, text)
    entry = TimelineEntry.objects.create(
        call=call,
        kind=EntryKind.MAIL_IN,
        actor=writer,
        actor_name=str(writer),
        text=text,
        channel=Channel.EMAIL,
    )
    events.publish([events.CallUpdated(call, entry, deed.origin)])


def see_nothing(person: Person) -> None:
    """Give this person a role that lets them see nothing of the office."""
    elsewhere = Partition.objects.create(name="Elsewhere", address="elsewhere@desk.example")
    role = Role.objects.create(name="Elsewhere", rights=[Right.VIEW])
    Grant.objects.create(role=role, person=person, partition=elsewhere)


def reasons() -> list[tuple[str, str]]:
    """Who was not told, and why."""
    return list(NotTold.objects.values_list("who", "reason"))


@pytest.mark.parametrize(
    ("email", "optional", "asked_for", "tells"),
    [
        (True, False, True, True),
        (True, False, False, True),  # forced on with Email
        (True, True, True, True),
        (True, True, False, False),
        (False, True, True, True),
        (False, True, False, False),
        (False, False, True, False),  # not to be chosen, and off with Email
        (False, False, False, False),
    ],
)
def test_email_at_update_follows_email_unless_it_is_optional_at_forward(
    office: Office, call: Call, email: bool, optional: bool, asked_for: bool, tells: bool
) -> None:
    saved = settings(office, email=email, email_optional_at_forward=optional, email_at_update=asked_for)
    assert saved.update_is_free == optional
    assert saved.email_at_update == tells
    mail_arrives(call, office.uma, "Still dark.")
    assert told(1002) == ([ANN] if tells else [])
    if not tells:
        off = f"Email at update via email in is off in the notification settings of {office.partition}."
        assert reasons() == [("Ann", off)]


@pytest.mark.parametrize("email", [True, False])
@pytest.mark.parametrize("internal", [True, False])
@pytest.mark.parametrize("pager", [True, False])
def test_each_channel_has_a_setting_of_its_own(
    office: Office, call: Call, email: bool, internal: bool, pager: bool
) -> None:
    settings(office, email=email, internal=internal, pager=pager)
    PersonNotices.objects.create(person=office.ann, pager="0170@pager.example")
    add_note(call, office)
    sent = dict(Message.objects.values_list("channel", "deliveries__recipient"))
    assert sent.get("email") == (ANN if email else None)
    assert sent.get("pager") == ("0170@pager.example" if pager else None)
    assert [notice.person for notice in Notice.objects.all()] == ([office.ann] if internal else [])


def test_a_pager_setting_sends_nothing_to_who_has_none(office: Office, call: Call) -> None:
    settings(office, email=False, pager=True)
    add_note(call, office)
    assert told_anything() == {}


@pytest.mark.parametrize(("by_default", "said", "tells"), [
    (True, None, True), (True, False, False), (False, None, False), (False, True, True), (True, True, True),
])  # fmt: skip
def test_who_forwards_has_the_last_word_where_they_are_asked(
    office: Office, call: Call, by_default: bool, said: bool | None, tells: bool
) -> None:
    settings(office, email=by_default, email_optional_at_forward=True)
    forward(call, office.deed(office.ann), analyst=office.bob, tell=said)
    assert told(1005) == ([BOB] if tells else [])


def test_what_users_hear_is_no_matter_of_the_settings_of_those_in_charge(office: Office, call: Call) -> None:
    settings(office, email=False, email_at_escalation=False)
    closing.resolve(call, office.deed(office.ann, "A new bulb."))
    assert told(1006) == [UMA]


def test_a_message_type_is_switched_off_in_one_partition_or_in_all(office: Office, call: Call) -> None:
    OccasionSetting.objects.create(type_code=1003, active=False)
    add_note(call, office)
    assert told_anything() == {}
    assert reasons() == [("Ann", f"1003 Call - Note Added is switched off in {office.partition}.")]
    OccasionSetting.objects.create(type_code=1003, partition=office.partition, active=True)
    add_note(call, office)
    assert told(1003) == [ANN]


def test_what_work_would_stand_still_without_is_not_switched_off(office: Office) -> None:
    for code, kind in TYPES.items():
        if kind.vital:
            OccasionSetting.objects.create(type_code=code, active=False)
    office.group.addresses = "buyers@desk.example"
    office.group.save()
    office.request(step("order", group=office.group), approval("boss", by=(office.bob,)))
    assert (told(3001), told(4001)) == (["buyers@desk.example"], [BOB])


def test_one_message_type_is_switched_once_in_a_partition_and_once_in_all(office: Office) -> None:
    OccasionSetting.objects.create(type_code=1003, active=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        OccasionSetting.objects.create(type_code=1003, active=True)


def test_the_user_hears_that_a_call_waits_only_where_the_administrator_wants_it(
    office: Office, call: Call
) -> None:
    call_handling.suspend(call, office.deed(office.ann, "Waiting for the bulb."))
    assert told_anything() == {}
    call_handling.resume(call, office.deed(office.ann))
    OccasionSetting.objects.create(type_code=1014, partition=office.partition, active=True)
    tomorrow = office.now + dt.timedelta(days=1)
    call_handling.defer(call, office.deed(office.ann, "The shop opens then."), until=tomorrow)
    [mail] = mails(1014)
    assert told(1014) == [UMA]
    assert "3 March 2026" in mail.text


class TestChoices:
    """What each person wants, within what the partition lets them choose."""

    def test_somebody_turns_a_notice_off(self, office: Office, call: Call) -> None:
        PersonChoice.objects.create(person=office.ann, type_code=1003, wish=Wish.OFF)
        add_note(call, office)
        assert told_anything() == {}
        assert reasons() == [("Ann", "They chose not to be told of this.")]

    def test_unless_nobody_may_choose(self, office: Office, call: Call) -> None:
        settings(office, people_choose=False)
        PersonChoice.objects.create(person=office.ann, type_code=1003, wish=Wish.OFF)
        add_note(call, office)
        assert told(1003) == [ANN]

    def test_a_digest_comes_once_a_day_with_all_of_them(self, office: Office, call: Call) -> None:
        PersonChoice.objects.create(person=office.ann, type_code=1003, wish=Wish.DIGEST)
        for text in ("It is the bulb.", "Or the wire."):
            add_note(call, office, text)
        assert told_anything() == {}
        [due] = set(DigestItem.objects.values_list("due_at", flat=True))
        assert digests.send_due(due - dt.timedelta(seconds=1)) == 0
        assert digests.send_due(due) == 1
        assert digests.send_due(due) == 0
        [mail] = mails(9003)
        assert told(9003) == [ANN]
        assert mail.subject == f"{office.partition}: 2 notices"
        assert f"Call {call.pk}" in mail.text
        assert "It is the bulb." in mail.text
        assert "Or the wire." in mail.text

    def test_who_may_not_see_it_any_more_is_not_told_by_a_digest(self, office: Office, call: Call) -> None:
        PersonChoice.objects.create(person=office.ann, type_code=1003, wish=Wish.DIGEST)
        add_note(call, office, "It is the bulb.")
        see_nothing(office.ann)
        assert digests.send_due(NOON.replace(year=2036)) == 0
        assert digests.send_due(NOON.replace(year=2036)) == 0
        assert told_anything() == {}
        [(who, why)] = reasons()
        assert who == "Ann"
        assert why.startswith(f"Ann may not see what is in {office.partition}")

    def test_who_left_is_not_told_by_a_digest(self, office: Office, call: Call) -> None:
        PersonChoice.objects.create(person=office.ann, type_code=1003, wish=Wish.DIGEST)
        add_note(call, office)
        Person.objects.filter(pk=office.ann.pk).update(active=False)
        assert digests.send_due(NOON.replace(year=2036)) == 0
        assert reasons() == [("Ann", "They have left.")]

    def test_a_digest_goes_to_the_address_that_its_reader_has_by_then(
        self, office: Office, call: Call
    ) -> None:
        PersonChoice.objects.create(person=office.ann, type_code=1003, wish=Wish.DIGEST)
        add_note(call, office)
        Person.objects.filter(pk=office.ann.pk).update(email="ann.archer@desk.example")
        assert digests.send_due(NOON.replace(year=2036)) == 1
        assert told(9003) == ["ann.archer@desk.example"]

    def test_of_many_notices_some_are_read_and_the_rest_is_counted(
        self, office: Office, call: Call, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(digests, "MOST_READ", 3)
        PersonChoice.objects.create(person=office.ann, type_code=1003, wish=Wish.DIGEST)
        for _ in range(5):
            add_note(call, office)
        assert digests.send_due(NOON.replace(year=2036)) == 1
        [mail] = mails(9003)
        assert mail.subject == f"{office.partition}: 5 notices"
        assert "And 2 more." in mail.text
        assert not DigestItem.objects.filter(message=None).exists()

    def test_one_digest_that_cannot_be_made_does_not_stop_the_next(
        self, office: Office, call: Call, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for person in (office.ann, office.bob):
            PersonChoice.objects.create(person=person, type_code=1005, wish=Wish.DIGEST)
        forward(call, office.deed(office.uma), analyst=office.bob)
        forward(call, office.deed(office.uma), analyst=office.ann)
        DigestItem.objects.filter(address=ANN).update(call=None)  # about nothing
        assert digests.send_due(NOON.replace(year=2036)) == 1
        assert told(9003) == [BOB]


class TestWhoMaySee:
    """Analysts hear of what they may see."""

    def test_an_analyst_who_may_not_see_it_is_not_told(self, office: Office, call: Call) -> None:
        see_nothing(office.ann)
        add_note(call, office)
        assert told_anything() == {}
        [(who, why)] = reasons()
        assert who == "Ann"
        assert why == f"Ann may not see what is in {office.partition}: the role Elsewhere doesn't let them."

    def test_who_is_mentioned_and_may_not_see_it_is_not_told(self, office: Office, call: Call) -> None:
        see_nothing(office.bob)
        add_note(call, office, "@Bob, look")
        assert told_anything() == {1003: [ANN]}
        assert [who for who, _ in reasons()] == ["Bob"]

    def test_those_in_copy_are_not_dropped_in_silence(self, office: Office, call: Call) -> None:
        origin = new_origin()
        entry = TimelineEntry.objects.create(call=call, kind=EntryKind.NOTE, channel=Channel.PAGE)
        left = Recipient("Uma", UMA, why_not="They have left.")
        cy, di = Recipient("Cy", "cy@other.example"), Recipient("Di", "di@other.example")
        put([Instruction(CALL_REPLY, call, entry, origin, to=[left], cc=[cy], bcc=[di], why="They wrote.")])
        assert told_anything() == {}
        assert [who for who, _ in reasons()] == ["Uma", "Cy", "Di"]


class TestQuietHours:
    """Mail waits until they end, unless it is urgent."""

    def test_a_notice_waits_until_they_end(self, office: Office, call: Call) -> None:
        Person.objects.filter(pk=office.ann.pk).update(time_zone="Europe/Berlin")
        call.analyst.refresh_from_db()
        now = dt.datetime.now(ZoneInfo("Europe/Berlin"))
        PersonNotices.objects.create(
            person=office.ann,
            quiet_from=(now - dt.timedelta(hours=1)).time(),
            quiet_until=(now + dt.timedelta(hours=1)).time(),
        )
        add_note(call, office)
        [delivery] = Delivery.objects.all()
        assert abs(delivery.due_at - now - dt.timedelta(hours=1)) < dt.timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("begin", "end", "now", "until"),
        [
            ((22, 0), (7, 0), (2026, 3, 2, 23, 0), (2026, 3, 3, 7, 0)),
            ((22, 0), (7, 0), (2026, 3, 3, 6, 59), (2026, 3, 3, 7, 0)),
            ((22, 0), (7, 0), (2026, 3, 3, 7, 0), None),
            ((12, 0), (13, 0), (2026, 3, 3, 12, 0), (2026, 3, 3, 13, 0)),
            ((12, 0), (13, 0), (2026, 3, 3, 11, 59), None),
            ((0, 0), (0, 0), (2026, 3, 3, 11, 59), None),
            ((22, 0), (7, 0), (2026, 3, 28, 23, 0), (2026, 3, 29, 7, 0)),  # an hour is left out that night
        ],
    )
    def test_by_the_clock_of_its_reader(
        self, begin: tuple, end: tuple, now: tuple, until: tuple | None
    ) -> None:
        zone = ZoneInfo("Europe/Berlin")
        found = quiet_until(
            dt.datetime(*now, tzinfo=zone).astimezone(dt.UTC), dt.time(*begin), dt.time(*end), zone
        )
        assert found == (dt.datetime(*until, tzinfo=zone) if until else None)

    def test_they_have_a_beginning_and_an_end(self, office: Office) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            PersonNotices.objects.create(person=office.ann, quiet_from=dt.time(22))

    def test_a_pager_is_an_address(self, office: Office) -> None:
        with pytest.raises(ValidationError):
            PersonNotices(person=office.ann, pager="0170\r\nBcc: eve@evil.example").full_clean()


class TestFloods:
    """More notices to one address than go out one by one come in one mail."""

    def test_a_storm_is_one_mail_that_says_what_it_is_about(self, office: Office) -> None:
        settings(office, most_notices=3, within_minutes=5)
        some = [
            Call.objects.create(
                partition=office.partition, subject="No light", user=office.uma, analyst=office.ann
            )
            for _ in range(8)
        ]
        for one in some:
            add_note(one, office)
        assert told(1003) == [ANN] * 3
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=6)
        assert digests.send_due(soon) == 1
        [mail] = mails(9003)
        assert "5 about “No light”" in mail.text
        assert str(some[-1].pk) in mail.text

    def test_a_pager_has_its_fill_too(self, office: Office, call: Call) -> None:
        settings(office, pager=True, most_notices=3)
        PersonNotices.objects.create(person=office.ann, pager="0170@pager.example")
        for _ in range(8):
            add_note(call, office)
        assert told(1003).count("0170@pager.example") == 3
        assert ("Ann", "Their pager had its fill within the last minutes.") in reasons()

    def test_zero_folds_nothing(self, office: Office, call: Call) -> None:
        settings(office, most_notices=0)
        for _ in range(30):
            add_note(call, office)
        assert told(1003) == [ANN] * 30

    def test_a_digest_has_room_for_so_many_and_counts_the_rest(self, office: Office, call: Call) -> None:
        settings(office, most_notices=1)
        for _ in range(40):
            add_note(call, office)
        digests.send_due(NOON.replace(year=2036))
        [message] = Message.objects.filter(type_code=9003)
        [group] = message.data["groups"]
        assert (group["count"], len(group["items"]), group["left_out"]) == (39, 10, 29)


class TestOnce:
    """One event reaches one person once."""

    def test_a_user_who_is_in_charge_too_hears_once_of_a_reopened_call(self, office: Office) -> None:
        Person.objects.filter(pk=office.uma.pk).update(is_analyst=True)
        office.uma.refresh_from_db()
        own = Call.objects.create(
            partition=office.partition, subject="No light", user=office.uma, analyst=office.uma
        )
        closing.resolve(own, office.deed(office.bob, "A new bulb."))
        forget()
        closing.reopen(own, office.deed(office.bob, "Still dark."))
        assert told_anything() == {1007: [UMA]}
        assert ("Uma", "They are told of it by another mail.") in reasons()

    def test_a_group_address_that_is_an_analysts_too_gets_one_mail(self, office: Office, call: Call) -> None:
        office.group.addresses, office.group.email_analysts = BOB, True
        office.group.save()
        Membership.objects.get_or_create(group=office.group, person=office.bob)
        forward(call, office.deed(office.ann), group=office.group)
        assert told(1005) == [BOB]

    def test_who_wants_no_mentions_hears_of_the_note_all_the_same(self, office: Office, call: Call) -> None:
        PersonChoice.objects.create(person=office.ann, type_code=1016, wish=Wish.OFF)
        add_note(call, office, "@Ann, look")
        assert told_anything() == {1003: [ANN]}

    def test_at_once_in_one_role_wins_over_a_digest_in_another(self, office: Office, call: Call) -> None:
        PersonChoice.objects.create(person=office.ann, type_code=1016, wish=Wish.DIGEST)
        add_note(call, office, "@Ann, look")
        assert told_anything() == {1003: [ANN]}
        assert not DigestItem.objects.exists()

    def test_pages_and_pagers_tell_it_once_too(self, office: Office, call: Call) -> None:
        settings(office, email=False, internal=True, pager=True)
        PersonNotices.objects.create(person=office.ann, pager="0170@pager.example")
        PersonChoice.objects.create(person=office.ann, type_code=1016, wish=Wish.DIGEST)
        add_note(call, office, "@Ann, look")
        assert told_anything() == {1003: ["0170@pager.example"]}
        assert Notice.objects.count() == 1


class TestMentions:
    """Analysts whom a note mentions are told, once, if they may see it."""

    @pytest.mark.parametrize("name", ["@Bob", "@bob", "@bob@desk.example", "(@Bob)", "Well, @bob: please"])
    def test_by_name_or_address(self, office: Office, call: Call, name: str) -> None:
        calls.add_note(call, actor=office.ann, text=f"Ask {name} about it", channel=Channel.PAGE)
        assert told_anything() == {1016: [BOB]}
        [mail] = mails(1016)
        assert "Ann mentioned you" in mail.text

    @pytest.mark.parametrize("text", ["bob@desk.example", "@Bobby", "@uma", "@", "@@@", "x@bob", "@" * 5000])
    def test_what_is_no_mention_tells_nobody(self, office: Office, call: Call, text: str) -> None:
        calls.add_note(call, actor=office.ann, text=f"Ask {text} about it", channel=Channel.PAGE)
        assert told_anything() == {}

    def test_the_analyst_in_charge_hears_once_when_mentioned(self, office: Office, call: Call) -> None:
        add_note(call, office, "@Ann, look")
        assert told_anything() == {1016: [ANN]}

    def test_nobody_is_told_who_may_not_see_it(self, office: Office, call: Call) -> None:
        role = Role.objects.create(name="Elsewhere", rights=[Right.VIEW])
        other = type(office.partition).objects.create(name="Other", address="other@desk.example")
        Grant.objects.create(role=role, person=office.bob, partition=other)
        calls.add_note(call, actor=office.ann, text="@Bob, look", channel=Channel.PAGE)
        assert told_anything() == {}

    def test_words_of_users_mention_nobody(self, office: Office, call: Call) -> None:
        mail_arrives(call, office.uma, "@Bob, look")
        assert told(1016) == []


def test_those_who_read_one_language_share_a_mail_and_others_get_their_own(office: Office) -> None:
    group = Group.objects.create(name="Lamps", email_analysts=True)
    for name, language in (("Cy", "de"), ("Di", ""), ("Ed", "de")):
        person = Person.objects.create(
            name=name, email=f"{name.lower()}@desk.example", is_analyst=True, language=language
        )
        Membership.objects.create(group=group, person=person)
    call = Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
    forward(call, office.deed(office.ann), group=group)
    languages = {m.language: len(m.to) for m in Message.objects.filter(type_code=1005)}
    assert languages == {"de": 2, "en": 1}


def test_why_somebody_is_not_told_is_kept(office: Office, call: Call) -> None:
    Person.objects.filter(pk=office.ann.pk).update(available_recipient=False)
    call.analyst.refresh_from_db()
    add_note(call, office)
    Call.objects.update(analyst=None, group=None)
    call.refresh_from_db()
    mail_arrives(call, office.uma, "Still dark.")
    assert reasons() == [("Ann", "They are no available recipient."), ("", "It is assigned to nobody.")]


def test_every_message_type_says_who_can_receive_it() -> None:
    assert all(isinstance(kind.audience, Audience) for kind in TYPES.values())
    names = [kind.name for kind in TYPES.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        ((2026, 3, 2, 7, 59), (8, 0), (2026, 3, 2, 8, 0)),
        ((2026, 3, 2, 8, 0), (8, 0), (2026, 3, 3, 8, 0)),
        ((2026, 10, 24, 9, 0), (8, 0), (2026, 10, 25, 8, 0)),  # clocks go back that night
    ],
)
def test_a_digest_comes_when_the_readers_clock_shows_the_time(now: tuple, at: tuple, expected: tuple) -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert next_time(dt.datetime(*now, tzinfo=zone), dt.time(*at), zone) == dt.datetime(
        *expected, tzinfo=zone
    )
