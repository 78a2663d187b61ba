"""Two people act on one request at the same moment: both are heard, and nothing happens twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from desk.offices import Office, approval, asked, said, states, step, task
from desk.test_service_levels import agreed, logged, told
from installations import ON_POSTGRESQL
from mailcall.desk import recomputing
from mailcall.desk.agreeing import ask_to_recompute, set_targets
from mailcall.desk.approvals import decide
from mailcall.desk.errors import Refused
from mailcall.desk.models import BusinessCalendar, Condition, Recompute
from mailcall.desk.recomputing import recompute
from mailcall.desk.tasks import close_task
from mailcall.desk.work_states import Verb

pytestmark = [
    pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite one writes after the other"),
    pytest.mark.django_db(transaction=True),
]


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """What was refused to whom; nothing for who was heard."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> str:
        barrier.wait(timeout=30)
        try:
            deed()
        except Refused as refused:
            return str(refused)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def test_two_approvals_at_once_are_both_counted_and_open_what_follows_once(office: Office) -> None:
    for _ in range(5):
        request = office.request(
            approval("ask", by=(office.ann, office.bob)), step("order", "ask", condition=Condition.APPROVED)
        )
        ask = task(request, "ask")
        one, two = asked(ask, office.ann), asked(ask, office.bob)
        refused = at_once(
            lambda one=one: decide(one, Verb.APPROVE, office.deed(office.ann)),
            lambda two=two: decide(two, Verb.APPROVE, office.deed(office.bob)),
        )
        assert refused == ["", ""]
        assert states(request) == {"ask": "approved", "order": "open"}
        assert said(ask)[-1] == "Closed-Approved: 2 of 2 approved."
        assert said(task(request, "order")) == ["Opened."]


def test_of_two_decisions_on_one_approval_the_second_is_refused(office: Office) -> None:
    for _ in range(5):
        request = office.request(approval("ask", by=(office.ann,)))
        one = asked(task(request, "ask"), office.ann)
        refused = at_once(
            lambda one=one: decide(one, Verb.APPROVE, office.deed(office.ann)),
            lambda one=one: decide(one, Verb.REJECT, office.deed(office.ann, "No")),
        )
        assert sorted(map(bool, refused)) == [False, True]
        assert any("nothing is left to decide" in sentence for sentence in refused)


def test_the_last_two_tasks_closed_at_once_close_the_request(office: Office) -> None:
    for _ in range(5):
        request = office.request(step("a"), step("b"))
        a, b = task(request, "a"), task(request, "b")
        at_once(
            lambda a=a: close_task(a, office.deed(office.ann)),
            lambda b=b: close_task(b, office.deed(office.bob)),
        )
        request.refresh_from_db()
        assert (request.state, len(said(request))) == ("closed", 2)


def test_two_workers_bring_open_work_in_step_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "CHUNK", 3)
    calendar = BusinessCalendar.objects.create(name="Berlin", time_zone="Europe/Berlin")
    agreement = agreed("Standard", calendar)
    calls = [logged(office) for _ in range(20)]
    set_targets(agreement, [{"priority": 3, "resolution_minutes": 120}])
    ask_to_recompute()
    now = office.now
    assert at_once(lambda: recompute(now), lambda: recompute(now)) == ["", ""]
    while Recompute.objects.exists():
        recompute(now)
    assert [told(call)[1:] for call in calls] == [["Began anew: Standard was changed."]] * 20
