"""Requests run through their workflows: what opens when, what is skipped, and how they end."""

import pytest

from desk.offices import Office, approval, asked, said, states, step, task
from mailcall.desk.approvals import decide
from mailcall.desk.changes import Words, new_file
from mailcall.desk.errors import Refused
from mailcall.desk.handling import forward, update
from mailcall.desk.models import Channel, Condition, Content, EntryKind, Group, Request, WhoLogs
from mailcall.desk.requests import cancel_request, close_request, log_request
from mailcall.desk.tasks import cancel_task, close_task
from mailcall.desk.work import Deed, by
from mailcall.desk.work_states import Verb
from mailcall.desk.workflows import set_workflow

IF_APPROVED = {"condition": Condition.APPROVED}
IF_REJECTED = {"condition": Condition.REJECTED}


def done(office: Office, request: Request, key: str) -> None:
    close_task(task(request, key), office.deed(office.ann))


def answer(office: Office, request: Request, key: str, verb: Verb) -> None:
    decide(asked(task(request, key), office.ann), verb, office.deed(office.ann, "Because."))


def test_steps_run_in_sequence(office: Office) -> None:
    request = office.request(step("order"), step("install", "order"))
    assert states(request) == {"order": "open", "install": "waiting"}
    done(office, request, "order")
    assert states(request) == {"order": "closed", "install": "open"}
    done(office, request, "install")
    request.refresh_from_db()
    assert (request.state, request.closed_at, request.closed_by) == ("closed", office.now, office.ann)
    assert said(request) == ["Logged.", "Closed, since all its tasks have ended."]
    assert said(task(request, "install")) == ["Opened.", "Closed."]


def test_steps_run_side_by_side_and_what_follows_waits_for_all_of_them(office: Office) -> None:
    request = office.request(step("a"), step("b"), step("c", "a", "b"))
    assert states(request) == {"a": "open", "b": "open", "c": "waiting"}
    done(office, request, "b")
    assert states(request)["c"] == "waiting"
    done(office, request, "a")
    assert states(request)["c"] == "open"


def purchase(office: Office) -> Request:
    """Ann approves; then it is ordered and installed, or Uma is told; and in any case it is filed."""
    return office.request(
        approval("ask", by=(office.ann,)),
        step("order", "ask", **IF_APPROVED),
        step("install", "order"),
        step("tell", "ask", **IF_REJECTED),
        step("file", "install", "tell"),
    )


def test_what_is_approved_is_done(office: Office) -> None:
    request = purchase(office)
    answer(office, request, "ask", Verb.APPROVE)
    assert states(request) == {
        "ask": "approved",
        "order": "open",
        "install": "waiting",
        "tell": "skipped",
        "file": "waiting",
    }
    for key in ("order", "install", "file"):
        done(office, request, key)
    request.refresh_from_db()
    assert request.state == "closed"


def test_what_is_rejected_is_not_done_nor_what_follows_it(office: Office) -> None:
    request = purchase(office)
    answer(office, request, "ask", Verb.REJECT)
    assert states(request) == {
        "ask": "rejected",
        "order": "skipped",
        "install": "skipped",
        "tell": "open",
        "file": "waiting",
    }
    done(office, request, "tell")
    done(office, request, "file")
    request.refresh_from_db()
    assert request.state == "rejected"
    assert said(request)[-1] == "Closed-Rejected, since what it needed was not approved."


def test_two_approvals_side_by_side_must_both_say_yes(office: Office) -> None:
    steps = (
        approval("one", by=(office.ann,)),
        approval("two", by=(office.ann,)),
        step("order", "one", "two", **IF_APPROVED),
        step("tell", "one", "two", **IF_REJECTED),
    )
    request = office.request(*steps)
    answer(office, request, "one", Verb.APPROVE)
    answer(office, request, "two", Verb.REJECT)
    assert states(request)["order"] == "skipped"
    assert states(request)["tell"] == "open"
    request = office.request(*steps)
    answer(office, request, "one", Verb.APPROVE)
    answer(office, request, "two", Verb.APPROVE)
    assert states(request)["order"] == "open"
    assert states(request)["tell"] == "skipped"


def test_an_appeal_that_is_approved_has_the_last_word(office: Office) -> None:
    request = office.request(
        approval("ask", by=(office.ann,)),
        approval("appeal", "ask", by=(office.ann,), **IF_REJECTED),
        step("order", "appeal", **IF_APPROVED),
    )
    answer(office, request, "ask", Verb.REJECT)
    answer(office, request, "appeal", Verb.APPROVE)
    done(office, request, "order")
    request.refresh_from_db()
    assert request.state == "closed"


def test_a_condition_can_be_on_an_approval_further_back(office: Office) -> None:
    request = office.request(
        approval("ask", by=(office.ann,)),
        step("note", "ask", condition=Condition.ALWAYS),
        step("order", "note", condition_on="ask", **IF_APPROVED),
        step("tell", "note", condition_on="ask", **IF_REJECTED),
    )
    answer(office, request, "ask", Verb.REJECT)
    done(office, request, "note")
    assert (states(request)["order"], states(request)["tell"]) == ("skipped", "open")


def test_what_always_runs_does_so_when_all_before_it_was_skipped(office: Office) -> None:
    request = office.request(
        approval("ask", by=(office.ann,)),
        step("order", "ask", **IF_APPROVED),
        step("file", "order", condition=Condition.ALWAYS),
    )
    answer(office, request, "ask", Verb.REJECT)
    assert states(request) == {"ask": "rejected", "order": "skipped", "file": "open"}


def test_nothing_runs_that_needed_a_cancelled_approval(office: Office) -> None:
    request = purchase(office)
    cancel_task(task(request, "ask"), office.deed(office.bob, "Out of date"))
    assert set(states(request).values()) == {"cancelled", "skipped"}
    request.refresh_from_db()
    assert request.state == "cancelled"


def test_what_follows_a_cancelled_task_goes_on(office: Office) -> None:
    request = office.request(step("a"), step("b", "a"))
    cancel_task(task(request, "a"), office.deed(office.bob))
    assert states(request) == {"a": "cancelled", "b": "open"}


def test_a_task_that_waits_is_neither_closed_nor_cancelled(office: Office) -> None:
    request = office.request(step("a"), step("b", "a"))
    for refused in (close_task, cancel_task):
        with pytest.raises(Refused, match="waits for what comes before it"):
            refused(task(request, "b"), office.deed(office.ann))


def test_a_request_without_tasks_is_closed_by_hand(office: Office) -> None:
    request = office.request()
    close_request(request, office.deed(office.ann, "Done by phone"))
    request.refresh_from_db()
    assert (request.state, said(request)[-1]) == ("closed", "Closed: Done by phone")
    with pytest.raises(Refused, match=r"was closed on 2026-03-02 at .* by Ann, so it can't be closed\."):
        close_request(request, office.deed(office.bob))


def test_a_request_with_tasks_left_is_not_closed_over_them(office: Office) -> None:
    request = purchase(office)
    ask, order = task(request, "ask"), task(request, "order")
    with pytest.raises(Refused, match=rf"{ask} \(open\), {order} \(waiting\)"):
        close_request(request, office.deed(office.ann))
    assert said(request) == ["Logged."]


def test_cancelling_a_request_leaves_nothing_to_do(office: Office) -> None:
    request = purchase(office)
    office.heard()
    cancel_request(request, office.deed(office.uma, "No longer needed"))
    assert set(states(request).values()) == {"cancelled"}
    one = asked(task(request, "ask"), office.ann)
    assert (one.state, one.comment) == ("withdrawn", f"{request} was cancelled.")
    assert office.heard() == ["RequestClosed", "ApprovalWithdrawn", "TaskClosed"]
    with pytest.raises(Refused, match="was cancelled on"):
        cancel_request(request, office.deed(office.uma))


def test_what_is_heard_of_a_request(office: Office) -> None:
    request = office.request(approval("ask", by=(office.ann,)), step("order", "ask", **IF_APPROVED))
    assert office.heard() == ["RequestLogged", "TaskOpened", "ApprovalWanted"]
    answer(office, request, "ask", Verb.APPROVE)
    assert office.heard() == ["ApprovalDecided", "TaskClosed", "TaskOpened"]
    done(office, request, "order")
    assert office.heard() == ["TaskClosed", "RequestClosed"]


def test_a_request_takes_over_what_its_type_presets(office: Office) -> None:
    office.type.group, office.type.priority = office.group, 1
    office.type.save()
    request = office.request(step("a"), step("b", analyst=office.cy))
    assert (request.group, request.priority, request.partition) == (office.group, 1, office.partition)
    assert task(request, "a").group == office.group
    assert (task(request, "b").group, task(request, "b").analyst) == (None, office.cy)


def test_who_may_log_a_request_is_said_by_its_type(office: Office) -> None:
    office.type.logged_by_mail = WhoLogs.ANALYSTS
    office.type.save()

    def log(actor: object, channel: Channel) -> Request:
        return log_request(office.type, user=office.uma, subject="x", deed=by(actor, channel))

    with pytest.raises(Refused, match="Only analysts can log requests of the type “New laptop” this way"):
        log(office.uma, Channel.EMAIL)
    with pytest.raises(Refused, match="Only people whom this desk knows"):
        log(None, Channel.PAGE)
    assert log(office.ann, Channel.EMAIL).pk
    assert log(office.uma, Channel.PAGE).pk
    assert log(None, Channel.COMMAND_LINE).pk


def test_requests_that_make_no_sense_are_refused_and_leave_nothing(office: Office) -> None:
    deed = office.deed(office.uma)
    with pytest.raises(Refused, match="needs a subject"):
        log_request(office.type, user=office.uma, subject="  ", deed=deed)
    office.ulf.is_user = False
    with pytest.raises(Refused, match="Ulf can't have requests"):
        log_request(office.type, user=office.ulf, subject="x", deed=deed)
    office.type.active = False
    office.type.save()
    with pytest.raises(Refused, match="can't be logged any more"):
        log_request(office.type, user=office.uma, subject="x", deed=deed)
    assert not Request.objects.exists()


def test_a_change_decided_on_what_was_read_before_is_refused(office: Office) -> None:
    request = office.request(step("a"))
    seen = task(request, "a").version
    update(task(request, "a"), office.deed(office.ann, "Meanwhile"))
    with pytest.raises(Refused, match="changed while you looked at it"):
        close_task(task(request, "a"), office.deed(office.ann), version=seen)
    with pytest.raises(Refused, match="changed while you looked at it"):
        cancel_request(request, office.deed(office.ann), version=request.version + 7)
    close_task(task(request, "a"), office.deed(office.ann), version=seen + 1)


def test_words_are_added_to_what_has_ended_too(office: Office) -> None:
    request = office.request(step("a"))
    done(office, request, "a")
    update(request, office.deed(office.uma, "Thank you"))
    update(task(request, "a"), office.deed(office.uma, "It runs"))
    assert said(request)[-1] == "Thank you"
    assert said(task(request, "a"))[-1] == "It runs"
    with pytest.raises(Refused, match="An update needs some text"):
        update(request, office.deed(office.uma, " \n"))


def test_words_that_came_by_mail_have_an_entry_of_their_own_with_all_the_mail_had(office: Office) -> None:
    request = office.request(step("a"))
    words = Words(
        EntryKind.MAIL_IN,
        office.ann,
        "Ann",
        Channel.EMAIL,
        "DKIM",
        subject="Close task",
        text="Done.",
        quoted_text="> It?",
        html="<p>Done.",
        external_id="<1@desk.example>",
        files=(new_file("a.txt", "text/plain", b"abc"),),
    )
    entry = close_task(task(request, "a"), Deed(words, office.now))
    _, closed, mail = task(request, "a").timeline.order_by("pk")
    assert (closed.kind, closed.text, closed.proof, closed.actor) == ("state", "Closed.", "DKIM", office.ann)
    assert entry == mail
    assert (mail.kind, mail.text, mail.quoted_text, mail.html) == ("mail_in", "Done.", "> It?", "<p>Done.")
    assert (mail.subject, mail.external_id) == ("Close task", "<1@desk.example>")
    assert mail.attachments.get().content == Content.objects.get()


def test_work_is_forwarded(office: Office) -> None:
    request = office.request(step("a"))
    office.heard()
    deed = office.deed(office.ann, "Please")
    forward(request, deed, group=office.group)
    forward(request, deed, analyst=office.bob)
    request.refresh_from_db()
    assert (request.group, request.analyst) == (office.group, office.bob)
    forward(request, deed, analyst=office.cy)
    request.refresh_from_db()
    assert (request.group, request.analyst) == (None, office.cy)
    assert said(request)[1:] == [
        "Forwarded to Buyers: Please",
        "Forwarded to Buyers, Bob: Please",
        "Forwarded to Cy: Please",
    ]
    forward(task(request, "a"), deed, group=office.group, analyst=office.ann)
    assert office.heard() == ["RequestForwarded"] * 3 + ["TaskForwarded"]


def test_what_can_not_be_forwarded(office: Office) -> None:
    request = office.request(step("a"), approval("ask", by=(office.ann,)))
    deed = office.deed(office.ann)
    other = Group.objects.create(name="Others")
    with pytest.raises(Refused, match="to which group or analyst"):
        forward(request, deed)
    with pytest.raises(Refused, match="Uma is no active Analyst"):
        forward(request, deed, analyst=office.uma)
    with pytest.raises(Refused, match="Ann is not in the group Others"):
        forward(request, deed, group=other, analyst=office.ann)
    with pytest.raises(Refused, match="is an approval"):
        forward(task(request, "ask"), deed, analyst=office.bob)
    forward(request, deed, group=other)
    with pytest.raises(Refused, match="is there already"):
        forward(request, deed, group=other)
    done(office, request, "a")
    with pytest.raises(Refused, match=r"was closed on .* so it can't be forwarded"):
        forward(task(request, "a"), deed, group=other)


def test_an_error_of_a_listener_undoes_all_of_it(office: Office) -> None:
    set_workflow(office.type, [step("a")])

    def fail(happened: object) -> None:
        raise RuntimeError

    from mailcall.desk import events

    events.subscribe_to_work(fail)
    try:
        with pytest.raises(RuntimeError):
            log_request(office.type, user=office.uma, subject="x", deed=office.deed(office.uma))
    finally:
        events._work_listeners.remove(fail)
    assert not Request.objects.exists()
