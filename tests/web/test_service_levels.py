"""Administrators change agreements and calendars on pages, and see first what that would do."""

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mailcall.desk.agreeing import levels_of, targets_of
from mailcall.desk.clocks import sync
from mailcall.desk.models import (
    Agreement,
    BusinessCalendar,
    Call,
    IssueType,
    Organisation,
    Partition,
    Person,
    Recompute,
    ServiceLevelChange,
    Target,
    Timer,
)


@pytest.fixture
def administrator(client, db):
    login = get_user_model().objects.create_superuser("root", password="correct horse 9")
    client.force_login(login)
    return client


@pytest.fixture
def calendar(db):
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return BusinessCalendar.objects.create(name="Always", **dict.fromkeys(days, "00:00-24:00"))


@pytest.fixture
def agreement(calendar):
    agreement = Agreement.objects.create(name="Standard", calendar=calendar)
    Target.objects.create(agreement=agreement, priority=3, resolution_minutes=480)
    return agreement


@pytest.fixture
def call(db):
    partition = Partition.objects.create(name="Lights", address="lights@desk.example")
    uma = Person.objects.create(name="Uma", email="uma@customer.example")
    return Call.objects.create(partition=partition, subject="No light", user=uma)


def filled(calendar, /, **more):
    """What a browser sends: an agreement of one target with one level."""
    return {
        "name": "Gold",
        "active": "on",
        "covers": "call",
        "calendar": str(calendar.pk),
        "breach_tells": ["entity", "group"],
        "response_2": "90",
        "resolution_2": "1d 2h",
        "levels-TOTAL_FORMS": "3",
        "levels-INITIAL_FORMS": "0",
        "levels-0-measure": "resolution",
        "levels-0-when": "80%",
        "levels-0-tells": ["agreement", "group"],
        "levels-1-measure": "response",
        "levels-1-when": "30m before",
        "levels-1-tells": ["entity"],
        "levels-2-measure": "resolution",
        "levels-2-when": "",
        "levels-2-tells": ["entity"],
        "save": "",
        **more,
    }


def test_an_analyst_is_told_that_the_pages_are_for_administrators(analyst, agreement):
    for name, args in (("service-levels", []), ("agreement", [agreement.pk]), ("calendar-new", [])):
        response = analyst.get(reverse(f"web:{name}", args=args))
        assert response.status_code == 403
        assert "This page is for administrators" in response.content.decode()
    assert analyst.post(reverse("web:agreement-remove", args=[agreement.pk])).status_code == 403
    assert Agreement.objects.exists()
    assert ">Service levels<" not in analyst.get(reverse("web:calls")).content.decode()


def test_an_agreement_is_made_as_it_is_typed(administrator, calendar, django_user_model):
    ann = Person.objects.create(name="Ann", email="ann@desk.example", is_analyst=True)
    Organisation.objects.create(name="Customer")
    typed = filled(calendar, organisation="Customer", people="ann@desk.example")
    response = administrator.post(reverse("web:agreement-new"), typed, follow=True)
    assert "Gold is saved. Open work follows within seconds." in response.content.decode()
    agreement = Agreement.objects.get()
    assert (str(agreement.organisation), list(agreement.people.all())) == ("Customer", [ann])
    assert agreement.breach_tells == "entity, group"
    assert targets_of(agreement) == [{"priority": 2, "response_minutes": 90, "resolution_minutes": 1560}]
    assert [(level.measure, level.when, level.tells) for level in levels_of(agreement)] == [
        ("response", "30m before", "entity"),
        ("resolution", "80%", "agreement, group"),
    ]
    assert [(change.by_name, str(change)) for change in ServiceLevelChange.objects.all()] == [
        ("root", "Gold: Made.")
    ]
    assert Recompute.objects.count() == 3
    page = administrator.get(reverse("web:agreement", args=[agreement.pk])).content.decode()
    for shown in ('value="26h"', 'value="1h 30m"', 'value="80%"', "ann@desk.example", 'value="Customer"'):
        assert shown in page
    page = administrator.get(reverse("web:service-levels")).content.decode()
    assert "1h 30m, 26h" in page
    assert "Open work is being brought in step" in page


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("response_2", "soon", "“soon” is no time: write such as 90m, 4h, 1h 30m, or 1d 2h."),
        ("resolution_2", "9" * 30, "is no time"),
        ("resolution_2", "0", "A time is between a minute and a year."),
        ("calendar", "", "It needs a calendar. Make one first."),
        ("calendar", "99", "Select a valid choice"),
        ("organisation", "Nobody Ltd", "There is no organisation Nobody Ltd."),
        ("people", "nobody@desk.example", "Nobody who can act on this desk has the address nobody@"),
        ("people", "uma@customer.example", "who is no analyst."),
        ("breach_tells", "everybody", "Select a valid choice. everybody is not one of the available"),
        ("covers", "dreams", "Select a valid choice"),
        ("name", "", "This field is required."),
        ("name", "x" * 101, "at most 100 characters"),
        ("name", "Standard", "There is an agreement with this name."),
        ("levels-0-when", "sometimes", "“sometimes” is no moment: write such as 80%, 1h before"),
        ("levels-0-when", "0%", "A share is from 1% to 1000%."),
        ("levels-0-when", "soon before", "“soon” is no time"),
        ("levels-0-tells", [], "Somebody is to be told, or it is no level."),
        ("levels-0-measure", "joy", "Select a valid choice. joy is not one"),
        ("levels-2-when", "80 %", "There is a level of the resolution at 80% already."),
        ("levels-TOTAL_FORMS", "many", "ManagementForm data is missing"),
        ("levels-TOTAL_FORMS", "100000", "Please submit at most 20 forms."),
    ],
)
def test_what_is_no_agreement_is_told_at_the_field(administrator, agreement, call, field, typed, sentence):
    page = reverse("web:agreement-new")
    response = administrator.post(page, filled(agreement.calendar, **{field: typed}))
    assert response.status_code == 422
    assert sentence in response.content.decode().replace("&quot;", '"')
    assert Agreement.objects.count() == 1
    assert not ServiceLevelChange.objects.exists()


def test_an_agreement_needs_a_time_and_requests_have_no_issue_type(administrator, calendar):
    kind = IssueType.objects.create(name="Light")
    typed = filled(calendar, response_2="", resolution_2="")
    response = administrator.post(reverse("web:agreement-new"), typed)
    assert "An agreement needs a time for one priority at least." in response.content.decode()
    typed = filled(calendar, covers="request", issue_type=str(kind.pk))
    response = administrator.post(reverse("web:agreement-new"), typed)
    assert "Requests have no issue type." in response.content.decode()


def test_a_preview_shows_open_work_with_old_and_new_times_and_saves_nothing(administrator, agreement, call):
    sync(call, timezone.now() - dt.timedelta(hours=3))
    page = reverse("web:agreement", args=[agreement.pk])
    typed = filled(agreement.calendar, name="Standard", response_3="", resolution_3="2h", preview="")
    del typed["save"]
    shown = administrator.post(page, typed).content.decode()
    assert "<strong>1</strong> target of open work would be due at another time." in shown
    assert "<strong>1</strong> would be breached at once." in shown
    assert (
        "<strong>1</strong> level would be overdue at once; <strong>1</strong> target would be told of"
        in shown
    )
    assert "Nothing is saved yet." in shown
    assert f'<a href="/calls/{call.pk}/">{call}</a>' in shown
    assert 'value="2h"' in shown
    assert targets_of(Agreement.objects.get()) == [{"priority": 3, "resolution_minutes": 480}]
    assert not ServiceLevelChange.objects.exists()
    assert Timer.objects.get().allowed == 480 * 60


def test_whoever_saves_over_a_change_is_told_of_it_first(administrator, agreement):
    page = reverse("web:agreement", args=[agreement.pk])
    typed = filled(agreement.calendar, name="Standard", seen="0")
    administrator.post(page, {**typed, "resolution_3": "4h"})
    change = ServiceLevelChange.objects.get()
    response = administrator.post(page, {**typed, "resolution_3": "3h"})
    assert response.status_code == 409
    shown = response.content.decode()
    assert "root changed it while you did: " in shown
    assert "resolution of priority 3: 4h instead of 8h" in shown
    assert f'name="seen" value="{change.pk}"' in shown
    assert {"priority": 3, "resolution_minutes": 240} in targets_of(agreement)
    administrator.post(page, {**typed, "resolution_3": "3h", "seen": change.pk})
    assert {"priority": 3, "resolution_minutes": 180} in targets_of(agreement)


def test_what_is_typed_is_shown_and_never_run(administrator, agreement):
    typed = filled(agreement.calendar, name="<b>x</b>", response_2='"><script>1</script>')
    shown = administrator.post(reverse("web:agreement-new"), typed).content.decode()
    assert "<script>1" not in shown
    assert "<b>x</b>" not in shown


def test_a_calendar_shows_the_holidays_to_come(administrator, calendar):
    page = reverse("web:calendar", args=[calendar.pk])
    assert "None: give a country" in administrator.get(page).content.decode()
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9:00-17:00")
    place = {"time_zone": "Europe/Berlin", "country": "de", "subdivision": "DE-BY"}
    typed = {"name": "Munich", **place, **week, "saturday": ""}
    shown = administrator.post(page, {**typed, "preview": ""}).content.decode()
    assert "Fronleichnam" in shown or "Corpus Christi" in shown
    assert "Nothing to open work" in shown
    assert BusinessCalendar.objects.get().name == "Always"
    assert administrator.post(page, {**typed, "save": ""}).status_code == 302
    saved = BusinessCalendar.objects.get()
    assert (saved.country, saved.subdivision, saved.saturday) == ("DE", "BY", "")
    assert "country: DE instead of none" in ServiceLevelChange.objects.get().text


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        (
            "monday",
            "from nine",
            "“from nine” are no hours: write such as 08:00-12:00, 13:00-17:00, or closed.",
        ),
        ("time_zone", "Berlin", "Berlin"),
        ("country", "XX", "The holidays of “XX” are not known"),
        ("subdivision", "BY", "A subdivision needs its country."),
        ("days", "Christmas", "“Christmas” is no day"),
        ("days", "2026-12-24 closed\n2026-12-24 closed", "2026-12-24 is there twice."),
        ("days", "2026-12-24 closed\n" * 2_000, "at most 20000 characters"),
        ("name", "", "This field is required."),
    ],
)
def test_what_is_no_calendar_is_told_at_the_field(administrator, field, typed, sentence):
    data = {"name": "Munich", "time_zone": "Europe/Berlin", "monday": "09:00-17:00", "save": "", field: typed}
    response = administrator.post(reverse("web:calendar-new"), data)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not BusinessCalendar.objects.exists()


def test_removing_asks_first_and_says_what_it_would_affect(administrator, agreement, call):
    sync(call, timezone.now())
    other = Timer.objects.get()
    met = Call.objects.create(partition=call.partition, subject="Done", user=call.user)
    Timer.objects.create(
        agreement=agreement, call=met, measure="resolution", allowed=1, met_at=timezone.now()
    )
    page = reverse("web:agreement-remove", args=[agreement.pk])
    shown = administrator.get(page).content.decode()
    assert "<strong>1</strong> would be measured no more." in shown
    assert "Reports lose the figures of 1 time that was met or done late under it." in shown
    assert Timer.objects.filter(pk=other.pk).exists()
    assert "Standard is removed." in administrator.post(page, follow=True).content.decode()
    assert not Timer.objects.exists()
    assert administrator.get(page).status_code == 404


def test_a_calendar_in_use_is_not_removed(administrator, agreement):
    page = reverse("web:calendar-remove", args=[agreement.calendar_id])
    for response in (administrator.get(page, follow=True), administrator.post(page, follow=True)):
        assert "Always is the calendar of Standard. Give them another one first." in response.content.decode()
    assert BusinessCalendar.objects.exists()


def test_who_are_told_about_an_issue_type_is_changed(administrator):
    kind = IssueType.objects.create(name="Light")
    ann = Person.objects.create(name="Ann", email="ann@desk.example", is_analyst=True)
    page = reverse("web:issue-type-analysts", args=[kind.pk])
    assert administrator.post(page, {"analysts": "nobody@desk.example"}).status_code == 422
    administrator.post(page, {"analysts": "ann@desk.example"})
    assert list(kind.analysts.all()) == [ann]
    assert "analysts: Ann" in administrator.get(reverse("web:service-levels")).content.decode()
    assert "analysts: Ann" in administrator.get(reverse("web:service-level-changes")).content.decode()
    assert not Recompute.objects.exists()


def test_the_list_costs_the_same_however_many_there_are(
    administrator, calendar, django_assert_max_num_queries
):
    for number in range(12):
        agreement = Agreement.objects.create(name=f"A{number}", calendar=calendar)
        Target.objects.create(agreement=agreement, priority=3, resolution_minutes=480)
        IssueType.objects.create(name=f"T{number}")
    with django_assert_max_num_queries(14):
        assert administrator.get(reverse("web:service-levels")).status_code == 200


def test_pages_and_lists_show_how_targets_stand(administrator, agreement, call):
    sync(call, timezone.now() - dt.timedelta(hours=7))
    page = administrator.get(reverse("web:call", args=[call.pk])).content.decode()
    assert '<span class="badge warn">near</span>' in page
    assert "Standard is for everything." in page
    assert "<strong>Started</strong>" in page
    assert "<dt>Next</dt><dd>breach, " in page
    listed = administrator.get(reverse("web:calls")).content.decode()
    assert '<span class="due warn" title="Resolution, Standard: near">' in listed
    news = administrator.get(reverse("web:call-news", args=[call.pk]), {"version": "9"}).content.decode()
    assert 'id="service-levels"' in news


def test_without_agreements_lists_have_no_column_and_pages_no_box(analyst, call):
    assert ">Due</th>" not in analyst.get(reverse("web:calls")).content.decode()
    page = analyst.get(reverse("web:call", args=[call.pk])).content.decode()
    assert 'id="service-levels" aria-labelledby="service-levels-title" hidden' in page


def test_a_list_of_fifty_costs_no_query_more_than_one_of_two(administrator, agreement, call):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            administrator.get(reverse("web:calls"))
        return len(captured)

    sync(call, timezone.now())
    before = queries()
    for _ in range(20):
        another = Call.objects.create(partition=call.partition, subject="No light", user=call.user)
        sync(another, timezone.now())
    assert queries() == before
