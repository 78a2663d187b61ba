"""Invitations as the calendars of the field write them, and as hostile mail does."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event, vCalAddress, vText

from mailcall.message import Mailbox
from mailcall.message.invitation_text import describe_invitation
from mailcall.message.invitations import MAX_ATTENDEES, MAX_INVITATIONS, read_invitations
from mailcall.message.mail import Attendee, Invitation
from mailcall.message.windows_zones import WINDOWS_ZONES

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def _calendar(*lines: str, method: str = "REQUEST") -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", f"METHOD:{method}", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def _event(*lines: str, method: str = "REQUEST") -> Invitation:
    (invitation,) = read_invitations(_calendar("BEGIN:VEVENT", *lines, "END:VEVENT", method=method))
    return invitation


# The form of Exchange and Outlook: a Windows zone with its rules, quoted names, X- fields, an alarm.
EXCHANGE = _calendar(
    "PRODID:Microsoft Exchange Server 2010",
    "BEGIN:VTIMEZONE",
    "TZID:W. Europe Standard Time",
    "BEGIN:STANDARD",
    "DTSTART:16010101T030000",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:16010101T020000",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
    "BEGIN:VEVENT",
    "ORGANIZER;CN=Ann Lee:MAILTO:ann@example.com",
    "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=\"'Bo, Carl'\"",
    " :MAILTO:carl@example.com",
    "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Room 4;CUTYPE=RESOURCE:invalid:nomail",
    "DESCRIPTION;LANGUAGE=en-US:Bring the numbers\\, please.\\n\\nJoin: https://exam",
    " ple.com/x\\;y\\n",
    "RRULE:FREQ=WEEKLY;UNTIL=20261215T130000Z;INTERVAL=2;BYDAY=TU,TH;WKST=MO",
    "SUMMARY;LANGUAGE=en-US:Budget review",
    'DTSTART;TZID="W. Europe Standard Time":20261103T140000',
    "DTEND;TZID=W. Europe Standard Time:20261103T153000",
    "UID:040000008200E00074C5B7101A82E008",
    "LOCATION;LANGUAGE=en-US:Room 4",
    "STATUS:CONFIRMED",
    "SEQUENCE:2",
    "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",
    "BEGIN:VALARM",
    "DESCRIPTION:REMINDER",
    "TRIGGER;RELATED=START:-PT15M",
    "END:VALARM",
    "END:VEVENT",
)


def test_a_request_of_exchange_is_read_whole() -> None:
    (invitation,) = read_invitations(EXCHANGE)
    assert invitation == Invitation(
        method="request",
        uid="040000008200E00074C5B7101A82E008",
        sequence=2,
        summary="Budget review",
        description="Bring the numbers, please.\n\nJoin: https://example.com/x;y",
        location="Room 4",
        status="confirmed",
        start=dt.datetime(2026, 11, 3, 14, tzinfo=BERLIN),
        end=dt.datetime(2026, 11, 3, 15, 30, tzinfo=BERLIN),
        time_zone="W. Europe Standard Time",
        recurrence="FREQ=WEEKLY;UNTIL=20261215T130000Z;INTERVAL=2;BYDAY=TU,TH;WKST=MO",
        organizer=Mailbox("Ann Lee", "ann@example.com"),
        attendees=(
            Attendee(Mailbox("Bo, Carl", "carl@example.com"), "req-participant", "needs-action"),
            Attendee(Mailbox("Room 4", ""), "opt-participant", "accepted"),
        ),
    )


def test_an_invitation_is_described_for_people() -> None:
    (invitation,) = read_invitations(EXCHANGE)
    assert describe_invitation(invitation) == (
        "Invitation: Budget review\n"
        "When: Tuesday, 3 November 2026, 14:00 to 15:30 (W. Europe Standard Time, UTC+01:00)\n"
        "Repeats: every 2 weeks on Tuesday, Thursday, until 2026-12-15\n"
        "Where: Room 4\n"
        "From: Ann Lee <ann@example.com>\n"
        "Who: Bo, Carl, Room 4 (accepted)\n"
        "\n"
        "Bring the numbers, please.\n\nJoin: https://example.com/x;y"
    )


@pytest.mark.parametrize("status", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_an_answer_of_google_says_who_answered_what(status: str) -> None:
    invitation = _event(
        "DTSTART:20261103T130000Z",
        "DTEND:20261103T143000Z",
        "ORGANIZER;CN=ann@example.com:mailto:ann@example.com",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={status};CN=Bo;X-NUM",
        " -GUESTS=0:mailto:bo@example.com",
        "SUMMARY:Budget review",
        method="REPLY",
    )
    assert invitation.method == "reply"
    assert invitation.organizer == Mailbox("", "ann@example.com")
    assert invitation.attendees[0].status == status.lower()
    assert invitation.start == dt.datetime(2026, 11, 3, 13, tzinfo=dt.UTC)
    assert f"Answer: Bo ({status.lower()})" in describe_invitation(invitation)


def test_a_cancellation_says_so() -> None:
    invitation = _event("SUMMARY:Budget review", "STATUS:CANCELLED", "SEQUENCE:3", method="CANCEL")
    assert (invitation.method, invitation.status, invitation.sequence) == ("cancel", "cancelled", 3)
    assert describe_invitation(invitation) == "Cancelled: Budget review"


def test_a_counter_proposal_gives_the_proposed_time() -> None:
    invitation = _event("SUMMARY:X", "DTSTART;TZID=Europe/Berlin:20260701T090000", method="COUNTER")
    assert invitation.method == "counter"
    assert invitation.start == dt.datetime(2026, 7, 1, 9, tzinfo=BERLIN)
    assert describe_invitation(invitation).startswith("Another time is proposed: X\nWhen: Wednesday, 1 July")


def test_apple_writes_paths_of_its_server_with_the_address_beside() -> None:
    invitation = _event(
        "SUMMARY:Lunch",
        "DTSTART;VALUE=DATE:20261224",
        "DTEND;VALUE=DATE:20261227",
        'ORGANIZER;CN="Ann";EMAIL="ann@example.com":/aMTIzNDU2Nzg5/principal/',
        "ATTENDEE;CN=Bo:urn:uuid:5d2fd7f4",
    )
    assert invitation.organizer == Mailbox("Ann", "ann@example.com")
    assert invitation.attendees == (Attendee(Mailbox("Bo", "")),)
    assert (invitation.start, invitation.end) == (dt.date(2026, 12, 24), dt.date(2026, 12, 27))
    assert "When: Thursday, 24 December 2026 to Saturday, 26 December 2026\n" in describe_invitation(
        invitation
    )


def test_a_whole_day_is_said_to_be_one() -> None:
    text = describe_invitation(_event("DTSTART;VALUE=DATE:20261224"))
    assert text == "Invitation: no subject\nWhen: Thursday, 24 December 2026, the whole day"


def test_zimbra_names_a_zone_by_quotes_and_lasts_by_duration() -> None:
    invitation = _event(
        'DTSTART;TZID="America/New_York":20260308T013000',
        "DURATION:P1DT1H",
    )
    assert invitation.start == dt.datetime(2026, 3, 8, 1, 30, tzinfo=zoneinfo.ZoneInfo("America/New_York"))
    assert invitation.end == dt.datetime(2026, 3, 9, 2, 30, tzinfo=zoneinfo.ZoneInfo("America/New_York"))


def _notes(start: str) -> str:
    return _calendar(
        "BEGIN:VEVENT",  # Notes writes the zone after the event, and its own words for it
        f"DTSTART;TZID=Eastern:{start}",
        "SUMMARY:Call",
        "X-LOTUS-NOTESVERSION:2",
        "END:VEVENT",
        "BEGIN:VTIMEZONE",
        "TZID:Eastern",
        "BEGIN:STANDARD",
        "DTSTART:19501105T020000",
        "TZOFFSETFROM:-0400",
        "TZOFFSETTO:-0500",
        "RRULE:FREQ=YEARLY;BYMINUTE=0;BYHOUR=2;BYDAY=1SU;BYMONTH=11",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:19500312T020000",
        "TZOFFSETFROM:-0500",
        "TZOFFSETTO:-0400",
        "RRULE:FREQ=YEARLY;BYMINUTE=0;BYHOUR=2;BYDAY=2SU;BYMONTH=3",
        "END:DAYLIGHT",
        "END:VTIMEZONE",
    )


@pytest.mark.parametrize(
    ("start", "hours"), [("20260101T090000", -5), ("20260701T090000", -4), ("20261101T030000", -5)]
)
def test_a_zone_that_nobody_knows_is_what_the_mail_says_of_it(start: str, hours: int) -> None:
    (invitation,) = read_invitations(_notes(start))
    assert isinstance(invitation.start, dt.datetime)
    assert invitation.start.utcoffset() == dt.timedelta(hours=hours)
    assert invitation.time_zone == "Eastern"


@pytest.mark.parametrize("local", [dt.datetime(2026, month, 15, 12) for month in range(1, 13)])
def test_the_rules_of_a_mail_give_the_offsets_of_the_time_zone_database(local: dt.datetime) -> None:
    (invitation,) = read_invitations(_notes(f"{local:%Y%m%dT%H%M%S}"))
    assert invitation.start == local.replace(tzinfo=zoneinfo.ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
        ("/softwarestudio.org/Olson_20011030_5/America/Argentina/Salta", "America/Argentina/Salta"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("tzone://Microsoft/Utc", "Etc/UTC"),
        ("Japan", "Japan"),
    ],
)
def test_zones_are_known_by_all_their_names(name: str, zone: str) -> None:
    invitation = _event(
        f"DTSTART;TZID={name}:20260701T090000".replace("=tzone:", '="tzone:').replace("Utc:", 'Utc":')
    )
    assert invitation.start == dt.datetime(2026, 7, 1, 9, tzinfo=zoneinfo.ZoneInfo(zone))


def test_an_offset_may_stand_in_the_name_of_a_zone() -> None:
    assert _event("DTSTART;TZID=GMT+0530:20260701T090000").start == dt.datetime(
        2026, 7, 1, 9, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))
    )


def test_a_time_in_a_zone_that_nothing_explains_is_floating() -> None:
    invitation = _event("DTSTART;TZID=Middle Earth:20260701T090000")
    assert invitation.start == dt.datetime(2026, 7, 1, 9)
    assert "(Middle Earth, a zone unknown here)" in describe_invitation(invitation)
    assert "(no time zone is given)" in describe_invitation(_event("DTSTART:20260701T090000"))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "Europe", "/etc/localtime", "a\\0b", "Ä/Ö", "x" * 5_000]
)
def test_the_name_of_a_zone_opens_no_file(name: str) -> None:
    assert _event(f"DTSTART;TZID={name}:20260701T090000").start == dt.datetime(2026, 7, 1, 9)


def test_every_windows_zone_is_in_the_time_zone_database() -> None:
    assert len(WINDOWS_ZONES) > 135
    for zone in WINDOWS_ZONES.values():
        zoneinfo.ZoneInfo(zone)


@pytest.mark.parametrize(
    "value",
    ["", "tomorrow", "20260231", "00000101", "20261103T250000", "2026", "99999999T999999Z", "²0260101"],
)
def test_a_time_that_is_none_is_empty(value: str) -> None:
    assert _event(f"DTSTART:{value}", "DURATION:P99999999W", "SUMMARY:X").start is None


@pytest.mark.parametrize("duration", ["P", "PT", "P1", "1H", "PX", "P99999WT9999999H", "-P999999D"])
def test_a_duration_that_is_none_does_no_harm(duration: str) -> None:
    _event("DTSTART:20260701T090000Z", f"DURATION:{duration}")


def test_times_with_dashes_and_colons_are_read_too() -> None:
    assert _event("DTSTART:2026-11-03T14:00:00Z").start == dt.datetime(2026, 11, 3, 14, tzinfo=dt.UTC)
    assert _event("DTSTART:2026-11-03T14:00:00+01:00").start == dt.datetime(2026, 11, 3, 13, tzinfo=dt.UTC)


def test_bare_line_ends_missing_ends_and_small_letters_are_survived() -> None:
    text = "begin:vcalendar\nmethod:request\nbegin:vevent\nsummary:One\n"
    text += "begin:valarm\nbegin:vevent\nSUMMARY:T\n wo"
    assert [(each.method, each.summary) for each in read_invitations(text)] == [
        ("request", "One"),
        ("request", "Two"),
    ]


def test_tasks_and_what_stands_in_alarms_are_no_events() -> None:
    (invitation,) = read_invitations(
        _calendar(
            "BEGIN:VTODO",
            "SUMMARY:Task",
            "END:VTODO",
            "BEGIN:VEVENT",
            "BEGIN:VALARM",
            "SUMMARY:Alarm",
            "ATTENDEE:mailto:x@example.com",
            "END:VALARM",
            "SUMMARY:Event",
            "END:VEVENT",
        )
    )
    assert (invitation.summary, invitation.attendees) == ("Event", ())


def test_each_calendar_of_a_text_has_its_own_method() -> None:
    event = ("BEGIN:VEVENT", "END:VEVENT")
    text = _calendar(*event) + _calendar(*event, method="CANCEL")
    assert [each.method for each in read_invitations(text)] == ["request", "cancel"]


def test_names_may_hold_carets_colons_and_bad_quotes() -> None:
    invitation = _event(
        "ATTENDEE;CN=^'Bo^' ^^;ROLE=CHAIR:mailto:bo@example.com",
        'ATTENDEE;CN="Doe: John; sales";PARTSTAT=accepted:mailto:john@example.com',
        "ATTENDEE;CN=Doe: Jane:mailto:jane@example.com",
        'ATTENDEE;CN="never closed:mailto:open@example.com',
        "ATTENDEE;CN=International:mailto:a@exämple.com",
        "ATTENDEE;CN=Escaped:mailto:b%2Bc@example.com",
        "ATTENDEE:MAILTO:<d@example.com>",
        "ATTENDEE:",
    )
    assert [each.mailbox for each in invitation.attendees] == [
        Mailbox('"Bo" ^', "bo@example.com"),
        Mailbox("Doe: John; sales", "john@example.com"),
        Mailbox("Doe", "jane@example.com"),
        Mailbox("", "open@example.com"),
        Mailbox("International", "a@xn--exmple-cua.com"),
        Mailbox("Escaped", "b+c@example.com"),
        Mailbox("", "d@example.com"),
    ]


def test_the_old_form_of_calendars_is_read_as_far_as_it_goes() -> None:
    text = (
        "BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nDTSTART:20261103T130000Z\n"
        "SUMMARY;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Gr=FC=\n=DFe\nEND:VEVENT\nEND:VCALENDAR"
    )
    (invitation,) = read_invitations(text)
    assert invitation.summary == "Grüße"


def test_more_than_anyone_invites_is_left_out() -> None:
    many = _event(*(f"ATTENDEE:mailto:a{number}@example.com" for number in range(MAX_ATTENDEES + 5)))
    assert len(many.attendees) == MAX_ATTENDEES
    assert describe_invitation(many).endswith(f" and {MAX_ATTENDEES - 10} more")
    assert len(read_invitations("BEGIN:VEVENT\n" * 5_000)) == MAX_INVITATIONS


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY;COUNT=10", "every day, 10 times"),
        ("FREQ=YEARLY", "every year"),
        ("FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=2TU"),
        ("FREQ=HOURLY", "FREQ=HOURLY"),
    ],
)
def test_a_recurrence_is_in_words_if_words_say_all_of_it(rule: str, words: str) -> None:
    assert f"Repeats: {words}" in describe_invitation(_event(f"RRULE:{rule}"))


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=80)
_LINE = _TEXT.map(lambda text: " ".join(text.split())).filter(lambda text: "\\" not in text)
_LOCAL = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2037, 1, 1)).map(
    lambda each: each.replace(microsecond=0)
)
_ZONE = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata"]).map(zoneinfo.ZoneInfo)
_PERSON = st.tuples(_LINE, st.sampled_from(["ACCEPTED", "DECLINED", "NEEDS-ACTION"]))


@settings(deadline=None)
@given(_LINE, _LINE, _LOCAL, _ZONE, st.lists(_PERSON, max_size=4))
def test_what_another_library_writes_is_read_as_it_was_meant(
    summary: str, location: str, local: dt.datetime, zone: zoneinfo.ZoneInfo, people: list[tuple[str, str]]
) -> None:
    calendar, event = Calendar(), Event()
    calendar.add("method", "REQUEST")
    event.add("summary", summary)
    event.add("location", location)
    event.add("dtstart", local.replace(tzinfo=zone))
    event.add("dtend", local.replace(tzinfo=dt.UTC))
    for number, (name, status) in enumerate(people):
        address = vCalAddress(f"MAILTO:a{number}@example.com")
        address.params["CN"] = vText(name.replace('"', "'").replace("^", ""))
        address.params["PARTSTAT"] = vText(status)
        event.add("attendee", address, encode=False)
    calendar.add_component(event)
    (invitation,) = read_invitations(calendar.to_ical().decode())
    assert (invitation.summary, invitation.location) == (summary, location)
    assert invitation.start == local.replace(tzinfo=zone)
    assert invitation.end == local.replace(tzinfo=dt.UTC)
    assert [each.mailbox.address for each in invitation.attendees] == [
        f"a{number}@example.com" for number in range(len(people))
    ]
    assert [each.status for each in invitation.attendees] == [status.lower() for _, status in people]


@pytest.mark.parametrize("text", [EXCHANGE, _notes("20260701T090000")])
def test_another_library_reads_the_same(text: str) -> None:
    (ours,) = read_invitations(text)
    (theirs,) = Calendar.from_ical(text).walk("VEVENT")
    assert ours.summary == theirs["SUMMARY"]
    assert ours.start == theirs["DTSTART"].dt.replace(tzinfo=None).replace(
        tzinfo=ours.start.tzinfo if isinstance(ours.start, dt.datetime) else None
    )
    assert isinstance(ours.start, dt.datetime)
    assert ours.start.utcoffset() == theirs["DTSTART"].dt.utcoffset()


_PIECES = """BEGIN:VEVENT
END:VEVENT
BEGIN:VTIMEZONE
BEGIN:STANDARD
END:STANDARD
TZID:Z
 x
ATTENDEE;CN=
DTSTART:20261101T030000
DTSTART:00010101T000000
DTSTART;TZID=Z:20260101T000000
DTSTART;TZID=Europe/Berlin:99991231T235959
DTEND:00010101T000000Z
DTEND:99991231T235959Z
TZOFFSETTO:+0100
DURATION:P1D
RRULE:FREQ=YEARLY;BYDAY=5SU;BYMONTH=2
RRULE:FREQ=YEARLY;BYDAY=-9MO;BYMONTH=12;UNTIL=9
""".splitlines(keepends=True)


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=20), max_size=40).map("".join))
def test_any_text_is_survived_and_described(text: str) -> None:
    for invitation in read_invitations(text):
        describe_invitation(invitation)
