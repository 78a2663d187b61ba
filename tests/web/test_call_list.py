"""The list of calls: filters, search, pages, and refreshing itself cheaply."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from desks import put_in_state
from mailcall.desk.models import Call, Person
from mailcall.web.call_list import find_calls
from mailcall.web.paging import newest_first

NOW = timezone.now()


@pytest.fixture
def many(partition, uma):
    """120 calls, changed in the order of their numbers, every third closed; three changed at one moment."""
    return Call.objects.bulk_create(
        Call(
            partition=partition,
            subject=f"Matter {n}",
            user=uma,
            state="closed" if n % 3 == 0 else "resolved" if n % 3 == 1 else "open",
            updated_at=NOW - dt.timedelta(minutes=n // 3),
        )
        for n in range(120)
    )


@pytest.mark.parametrize("which", ["open", "closed", "all"])
def test_pages_show_each_call_once_and_the_last_changed_first(many, which, django_assert_max_num_queries):
    seen, before = [], ""
    for _ in range(20):
        with django_assert_max_num_queries(6):
            page = find_calls(which=which, query="", before=before, size=7)
        seen += page.calls
        before = page.older
        if not before:
            break
    expected = [c for c in many if which == "all" or c.is_closed == (which == "closed")]
    assert sorted(c.pk for c in seen) == sorted(c.pk for c in expected)
    assert [c.updated_at for c in seen] == sorted((c.updated_at for c in seen), reverse=True)


@pytest.mark.parametrize(
    ("query", "count"), [("matter 11", 11), ("nothing", 0), ("UMA@exa", 120), ("x@y", 0)]
)
def test_calls_are_found_by_words_and_address(many, query, count):
    assert len(find_calls(which="all", query=query, before="", size=500).calls) == count


@pytest.mark.parametrize("form", ["{}", "#{}", "call {}", "[Call {}]", "[call #{}]"])
def test_a_call_is_found_by_its_number(many, form):
    wanted = many[5]
    assert find_calls(which="all", query=form.format(wanted.pk), before="").calls == [wanted]


@pytest.mark.parametrize(
    "before", ["x", "~", "2026-01-01~1", "2026-99-99T00:00:00+00:00~1", "9" * 40, "'; --"]
)
def test_a_broken_position_shows_the_newest(analyst, many, before):
    assert analyst.get(reverse("web:calls"), {"before": before, "show": "nope"}).status_code == 200
    assert analyst.get(reverse("web:calls"), {"before": before, "q": "matter"}).status_code == 200


def test_a_search_without_an_index_looks_through_a_bounded_part(many):
    first, last = many[0].pk, many[-1].pk
    page = newest_first(Call.objects.filter(subject="Matter 0"), window=50)
    assert (page.rows, page.cut_short, page.older) == ([], True, last + 1 - 50)
    page = newest_first(Call.objects.filter(subject="Matter 0"), before=first + 10, window=50)
    assert page.rows == [many[0]]


def test_only_the_table_is_sent_again_and_only_when_it_changed(analyst, call, django_assert_max_num_queries):
    address = reverse("web:calls")
    table = analyst.get(address, headers={"HX-Request": "true"})
    assert "<html" not in table.content.decode()
    seen = table.content.decode().partition("seen=")[2].partition('"')[0]
    with django_assert_max_num_queries(8):
        assert analyst.get(address, {"seen": seen}, headers={"HX-Request": "true"}).status_code == 204
    Call.objects.filter(pk=call.pk).update(version=call.version + 1)
    assert analyst.get(address, {"seen": seen}, headers={"HX-Request": "true"}).status_code == 200


def test_polling_after_the_session_ended_reloads_the_page(client, db):
    response = client.get(reverse("web:calls"), headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Refresh"]) == (204, "true")


def test_the_page_of_a_call_learns_what_is_new(
    analyst, call, mail_in, message, django_assert_max_num_queries
):
    page = analyst.get(reverse("web:call", args=[call.pk])).content.decode()
    query = page.partition("/news/?")[2].partition('"')[0].replace("&amp;", "&")
    address = reverse("web:call-news", args=[call.pk]) + "?" + query
    with django_assert_max_num_queries(7):
        assert analyst.get(address).status_code == 204
    analyst.post(reverse("web:call-note", args=[call.pk]), {"text": "Brand new."})
    news = analyst.get(address).content.decode()
    assert "Brand new." in news
    assert "The printer jams." not in news
    put_in_state(message.deliveries.all(), "sent")
    assert ">Sent<" in analyst.get(address).content.decode()


def test_people_with_odd_addresses_do_not_break_the_search(many):
    Person.objects.create(name="X", email="%_@x")
    assert find_calls(which="all", query="%_@x", before="").calls == []
