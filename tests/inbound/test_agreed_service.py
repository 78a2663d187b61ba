"""Mail that comes in where service was agreed on: a chunk of it costs what one mail does."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from desk.test_service_levels import agreed
from desks import Desk, mail
from mailcall.desk.models import Agreement, BusinessCalendar, Call, Timer
from mailcall.inbound.act import act_on_next
from mailcall.inbound.collect import collect


def agreement() -> Agreement:
    return agreed("Standard", BusinessCalendar.objects.create(name="Berlin", time_zone="Europe/Berlin"))


def queries_of(desk: Desk, mails: list[bytes]) -> int:
    """How many it takes to act on these in one chunk."""
    for raw in mails:
        desk.deliver(raw)
    collect(desk.account)
    with CaptureQueriesContext(connection) as captured:
        assert act_on_next() == len(mails)
    return len(captured)


def letters(count: int, mark: str) -> list[bytes]:
    return [mail(f"{mark}{number}@customer.example", f"Lamp {mark}{number}") for number in range(count)]


def test_a_chunk_of_mails_takes_as_many_queries_as_a_small_one_also_with_agreements(desk: Desk) -> None:
    without = queries_of(desk, letters(3, "before"))
    agreement()
    queries_of(desk, letters(1, "warm"))
    few, many = queries_of(desk, letters(5, "few")), queries_of(desk, letters(50, "many"))
    print(f"{without} queries for a chunk without agreements, {few} for 5 mails, {many} for 50")  # noqa: T201
    assert many <= few + 5
    assert Timer.objects.count() == 2 * 56


def test_answers_to_many_calls_take_as_many_queries_as_to_few(desk: Desk) -> None:
    agreement()
    queries_of(desk, letters(56, "new"))
    tags = [
        mail(call.user.email, f"[{call}] and this")
        for call in Call.objects.select_related("user").order_by("pk")
    ]
    queries_of(desk, tags[:1])
    few, many = queries_of(desk, tags[1:6]), queries_of(desk, tags[6:])
    print(f"{few} queries for 5 mails, {many} for 50")  # noqa: T201
    assert many <= few + 5
