"""Reports of service levels: their figures against a slow calculation of its own, and what they look at."""

import datetime as dt
import math
import random
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from mailcall.desk.models import Agreement, BusinessCalendar, Call, Group, Measure, Partition, Person, Timer
from mailcall.desk.service_reports import (
    Asked,
    behind,
    hours,
    lines,
    months,
    names,
    table,
    week_before,
)

BERLIN = ZoneInfo("Europe/Berlin")
HALF_YEAR = months(dt.date(2026, 1, 1), dt.date(2026, 6, 1), dt.UTC)


@pytest.fixture
def office(db):
    """Two agreements, groups and partitions, and somebody whose calls they are."""
    calendar = BusinessCalendar.objects.create(name="Office")
    return {
        "agreements": [Agreement.objects.create(name=name, calendar=calendar) for name in ("Gold", "Iron")],
        "groups": [Group.objects.create(name="First line"), None],
        "partitions": [
            Partition.objects.create(name=name, address=f"{name}@desk.example") for name in ("it", "hr")
        ],
        "user": Person.objects.create(name="Uma", email="uma@customer.example"),
    }


def add_target(office, *, met=None, breached=None, used=600, measure="resolution", **chosen):
    opened = chosen.pop("opened", dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC))
    call = Call.objects.create(
        subject="No light",
        user=office["user"],
        partition=chosen.get("partition", office["partitions"][0]),
        group=chosen.get("group", office["groups"][0]),
        opened_at=opened,
    )
    return Timer.objects.create(
        call=call,
        agreement=chosen.get("agreement", office["agreements"][0]),
        measure=measure,
        allowed=3600,
        used=used,
        met_at=met,
        breached_at=breached,
    )


def at_random(office, count):
    luck = random.Random(7)
    begin = dt.datetime(2025, 12, 20, tzinfo=dt.UTC)
    for _ in range(count):
        first = begin + dt.timedelta(minutes=luck.randrange(210 * 1440))
        second = first + dt.timedelta(minutes=luck.randrange(30 * 1440))
        met, breached = luck.choice([(first, None), (second, first), (None, first), (None, None)])
        add_target(
            office,
            met=met,
            breached=breached,
            used=luck.choice([600, 3600, 3601, luck.randrange(20_000)]),
            measure=luck.choice(Measure.values),
            opened=first - dt.timedelta(hours=luck.randrange(50)),
            agreement=luck.choice(office["agreements"]),
            group=luck.choice(office["groups"]),
            partition=luck.choice(office["partitions"]),
        )


def slowly(by, periods):
    """The same figures, one timer after the other: {keys and measure: (met, breached, median, ninetieth)}."""
    parts = {}
    for timer in Timer.objects.select_related("call"):
        at = timer.breached_at or timer.met_at
        place = next((n for n, p in enumerate(periods) if at and p.since <= at < p.until), None)
        if place is not None:
            keys = {"period": place, "agreement": timer.agreement_id, "group": timer.call.group_id}
            parts.setdefault((*(keys[name] for name in by), timer.measure), []).append(timer)
    return {key: figures(timers) for key, timers in parts.items()}


def figures(timers):
    late = sum(1 for timer in timers if timer.breached_at or timer.used > timer.allowed)
    took = sorted(timer.used for timer in timers if timer.met_at)
    ranks = [took[math.ceil(len(took) * part / 100) - 1] if took else None for part in (50, 90)]
    return len(timers) - late, late, *ranks


@pytest.mark.parametrize(
    "by", [("period",), ("agreement",), ("group",), ("period", "agreement", "group"), ()], ids=str
)
def test_figures_are_those_of_a_slow_calculation(office, by):
    at_random(office, 150)
    found = {
        (*line.keys, line.measure): (line.met, line.breached, line.median, line.ninetieth)
        for line in lines(Asked(HALF_YEAR), *by)
    }
    assert found == slowly(by, HALF_YEAR)


def test_hours_say_when_work_came_and_when_it_was_late(office):
    at_random(office, 100)
    came, late = [0] * 24, [0] * 24
    for timer in Timer.objects.select_related("call"):
        at = timer.breached_at or timer.met_at
        if at and HALF_YEAR[0].since <= at < HALF_YEAR[-1].until:
            came[timer.call.opened_at.hour] += 1
            late[at.hour] += bool(timer.breached_at or timer.used > timer.allowed)
    assert [(hour.came, hour.breached) for hour in hours(Asked(HALF_YEAR))] == list(
        zip(came, late, strict=True)
    )


def test_work_with_two_targets_came_once(office):
    met = dt.datetime(2026, 1, 6, tzinfo=dt.UTC)
    timer = add_target(office, met=met)
    timer.pk, timer.measure = None, Measure.RESPONSE
    timer.save()
    assert hours(Asked(HALF_YEAR))[9].came == 1


def test_a_target_counts_once_in_the_month_in_which_it_was_breached(office):
    add_target(
        office,
        breached=dt.datetime(2026, 1, 31, 23, 59, tzinfo=dt.UTC),
        met=dt.datetime(2026, 2, 3, tzinfo=dt.UTC),
        used=9000,
    )
    assert [
        (line.keys, line.met, line.breached, line.median) for line in lines(Asked(HALF_YEAR), "period")
    ] == [((0,), 0, 1, 9000)]


def test_months_begin_by_the_clock_of_the_desk_when_it_is_put_forward_too():
    march, april = months(dt.date(2026, 3, 31), dt.date(2026, 4, 1), BERLIN)
    assert (march.name, march.since, march.until) == (
        "2026-03",
        dt.datetime(2026, 2, 28, 23, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 31, 22, tzinfo=dt.UTC),
    )
    assert march.until == april.since


def test_the_week_before_is_a_whole_one():
    week = week_before(dt.date(2026, 3, 4), dt.UTC)
    assert (week.name, week.until) == ("2026-02-23 to 2026-03-01", dt.datetime(2026, 3, 2, tzinfo=dt.UTC))


def test_only_what_a_reader_may_see_is_counted(office):
    met = dt.datetime(2026, 1, 6, tzinfo=dt.UTC)
    seen, hidden = office["partitions"]
    add_target(office, met=met, partition=seen)
    add_target(office, met=met, partition=hidden)
    asked = Asked(HALF_YEAR, seen={seen.pk})
    assert [line.count for line in lines(asked)] == [1]
    assert sum(hour.came for hour in hours(asked)) == 1
    assert [timer.call.partition for timer in behind(asked)] == [seen]
    assert lines(Asked(HALF_YEAR, seen=set())) == []
    assert lines(Asked(HALF_YEAR, partition=hidden.pk, seen={seen.pk})) == []


def test_behind_each_number_are_as_many_targets(office):
    at_random(office, 80)
    gold = office["agreements"][0].pk
    asked = Asked(HALF_YEAR[1:2], agreement=gold)
    for line in lines(asked):
        assert behind(asked, line.measure, breached=True).count() == line.breached
        assert behind(asked, line.measure, breached=False).count() == line.met
        assert behind(asked, line.measure).count() == line.count


def test_a_table_has_names_for_all_and_says_nothing_of_what_is_not_finished(office):
    add_target(office, breached=dt.datetime(2026, 1, 6, tzinfo=dt.UTC), group=None)
    head, row = table(Asked(HALF_YEAR))
    assert len(head) == len(row)
    assert row == ["2026-01", "Gold", "No group", "Resolution", "0", "1", "0.0", "", ""]
    assert names([], 0, "agreement", Asked(HALF_YEAR)) == {None: "No group"}


def test_a_month_is_found_by_the_index(office):
    asked = Asked(HALF_YEAR[:1])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # which a table of no rows would get
    plan = behind(asked).order_by().explain()
    assert "timers_counted" in plan
