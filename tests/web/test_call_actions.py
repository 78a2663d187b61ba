"""A call worked on its page: the menu, how it ends, locks, and calls that belong together."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from mailcall.desk import locks
from mailcall.desk.models import (
    Call,
    CallLink,
    CallLock,
    Channel,
    ClosureMethod,
    Group,
    IssueType,
    LinkState,
    Membership,
    Person,
    State,
)
from mailcall.desk.state_names import rename_state
from mailcall.desk.work import by


@pytest.fixture
def bob(partition):
    return Person.objects.create(name="Bob Baker", email="bob@desk.example", is_analyst=True)


@pytest.fixture
def network(ann, bob):
    group = Group.objects.create(name="Network")
    Membership.objects.create(group=group, person=bob)
    return group


@pytest.fixture
def other(call, uma):
    return Call.objects.create(partition=call.partition, subject="Printer smokes", user=uma)


def do(browser, call, action, **data):
    call.refresh_from_db()
    data.setdefault("version", call.version)
    response = browser.post(reverse("web:call-do", args=[call.pk, action]), data)
    call.refresh_from_db()
    return response


def end(browser, call, how, **data):
    call.refresh_from_db()
    data.setdefault("version", call.version)
    response = browser.post(reverse(f"web:call-{how}", args=[call.pk]), data)
    call.refresh_from_db()
    return response


def page_of(browser, call):
    return browser.get(reverse("web:call", args=[call.pk])).content.decode()


def test_a_call_is_taken_and_forwarded_to_an_analyst_in_a_group(analyst, call, ann, bob, network):
    assert "do/take/" in page_of(analyst, call)
    do(analyst, call, "take")
    assert call.analyst == ann
    assert "<strong>Taken.</strong>" in page_of(analyst, call)
    assert "do/take/" not in page_of(analyst, call)
    do(analyst, call, "forward", group=network.pk, analyst=bob.pk, text="The switch, I think.")
    assert (call.group, call.analyst) == (network, bob)
    assert "Forwarded to Network, Bob Baker: The switch, I think." in page_of(analyst, call)


def test_a_call_is_judged_and_its_priority_set_by_hand_and_given_back(analyst, call):
    do(analyst, call, "judge", impact=1, urgency=1)
    assert call.priority == 1
    do(analyst, call, "priority", priority=4, text="Only the intern.")
    assert (call.priority, call.priority_by_hand) == (4, True)
    do(analyst, call, "priority", priority="")
    assert (call.priority, call.priority_by_hand) == (1, False)


def test_a_call_gets_an_issue_type_by_its_full_name(analyst, call):
    assert "Issue type" not in page_of(analyst, call)
    hardware = IssueType.objects.create(name="Hardware")
    laptop = IssueType.objects.create(name="Laptop", parent=hardware)
    IssueType.objects.create(name="Telex", parent=hardware, active=False)
    page = page_of(analyst, call)
    assert "Hardware &gt; Laptop" in page
    assert "Telex" not in page
    do(analyst, call, "issue-type", issue_type=laptop.pk)
    assert call.issue_type == laptop


def test_a_call_rests_until_its_moment_or_until_somebody_resumes_it(analyst, call):
    until = timezone.localtime() + dt.timedelta(days=2)
    do(analyst, call, "defer", until=f"{until:%Y-%m-%dT%H:%M}", text="The part comes.")
    assert (call.pause, call.resume_at) == ("deferred", until.replace(second=0, microsecond=0))
    assert ">Deferred</span>" in page_of(analyst, call)
    do(analyst, call, "resume")
    assert call.pause == ""
    do(analyst, call, "suspend", text="They are on holiday.")
    assert call.pause == "suspended"


@pytest.mark.parametrize(
    ("action", "data", "status", "sentence"),
    [
        ("forward", {"text": "My words"}, 409, "Say to which group or analyst it goes."),
        ("forward", {"analyst": "0", "text": "My words"}, 422, "Select a valid choice"),
        ("judge", {"impact": "9", "urgency": "1", "text": "My words"}, 422, "Select a valid choice"),
        ("priority", {"priority": "0", "text": "My words"}, 422, "Select a valid choice"),
        ("issue-type", {"issue_type": "7", "text": "My words"}, 422, "Select a valid choice"),
        ("defer", {"until": "tomorrow", "text": "My words"}, 422, "Give a day and a time"),
        ("defer", {"until": "2020-01-01T00:00", "text": "My words"}, 409, "deferred to a moment to come"),
        ("defer", {"until": "2099-01-01T00:00", "text": "My words"}, 409, "deferred to a moment to come"),
        ("suspend", {"text": " "}, 422, "Say why."),
        ("suspend", {"text": "My words", "version": "0"}, 409, "changed while you looked at it"),
        ("resume", {}, 409, "neither deferred nor suspended"),
        ("juggle", {}, 404, "There is no such page"),
    ],
)
def test_what_can_not_be_done_says_why_and_keeps_what_was_typed(
    analyst, call, action, data, status, sentence
):
    response = do(analyst, call, action, **data)
    assert response.status_code == status
    assert sentence in response.content.decode()
    assert data.get("text", "").strip() in response.content.decode()
    assert (call.pause, call.priority, call.analyst) == ("", 3, None)


def test_a_call_that_closes_at_once_is_closed_and_may_be_unresolved(analyst, call):
    assert "Resolve call" not in page_of(analyst, call)
    end(analyst, call, "close", comment="Nobody knows.", unsolved="on")
    assert call.state == State.CLOSED_UNRESOLVED
    end(analyst, call, "reopen")
    assert call.state == State.OPEN


def test_with_rules_a_call_is_resolved_and_its_closure_group_closes_it(analyst, call, ann, network):
    partition = call.partition
    partition.closure_method, partition.closure_group = ClosureMethod.RULES, network
    partition.save()
    page = page_of(analyst, call)
    assert "Resolve call" in page
    assert "Close call" not in page
    assert "only the group Network" in end(analyst, call, "close").content.decode()
    end(analyst, call, "resolve", comment="New toner.")
    assert (call.state, call.group) == (State.RESOLVED, network)
    assert "Reopen call" in page_of(analyst, call)
    Membership.objects.create(group=network, person=ann)
    assert "Close call" in page_of(analyst, call)
    end(analyst, call, "close")
    assert call.state == State.CLOSED


def test_with_comments_somebody_is_named_who_closes_it(analyst, call, bob):
    call.partition.closure_method = ClosureMethod.COMMENTS
    call.partition.save()
    response = end(analyst, call, "resolve", comment="New toner.")
    assert "Say which analyst is to close it" in response.content.decode()
    assert "New toner." in response.content.decode()
    assert "Say what was done" in end(analyst, call, "resolve", analyst=bob.pk).content.decode()
    end(analyst, call, "resolve", comment="New toner.", analyst=bob.pk)
    assert (call.state, call.analyst) == (State.RESOLVED, bob)


def test_states_are_called_what_the_administrator_calls_them(analyst, call):
    rename_state(State.OPEN, "In hand")
    rename_state(State.CLOSED, "Sorted & shelved", partition=call.partition)
    assert ">In hand</span>" in page_of(analyst, call)
    assert ">In hand</span>" in analyst.get(reverse("web:calls")).content.decode()
    page = analyst.post(
        reverse("web:call-close", args=[call.pk]), {"version": call.version}, follow=True
    ).content.decode()
    assert f"Call {call.pk} is sorted &amp; shelved." in page
    assert ">Sorted &amp; shelved</span>" in page


def lock(browser, call, what="lock", **more):
    return browser.post(reverse("web:call-lock", args=[call.pk]), {"do": what}, **more)


def test_who_works_on_a_call_is_shown_kept_taken_over_and_let_go(analyst, call, ann, bob):
    assert "Nobody works on this call" in page_of(analyst, call)
    lock(analyst, call)
    assert "You work on this call since" in page_of(analyst, call)
    CallLock.objects.update(expires_at=timezone.now() + dt.timedelta(seconds=9))
    lock(analyst, call, "renew", headers={"HX-Request": "true"})
    assert CallLock.objects.get().expires_at > timezone.now() + dt.timedelta(minutes=10)
    lock(analyst, call, "release")
    assert not CallLock.objects.exists()
    locks.lock(call, by(bob, Channel.PAGE))
    assert "<strong>Bob Baker</strong> works on this call" in page_of(analyst, call)
    refused = do(analyst, call, "take")
    assert refused.status_code == 409
    assert "Bob Baker works on" in refused.content.decode()
    shown = lock(analyst, call, headers={"HX-Request": "true"}).content.decode()
    assert "Take over" in shown
    lock(analyst, call, "take-over")
    assert CallLock.objects.get().person == ann
    assert do(analyst, call, "take").status_code == 302


def test_an_open_page_hears_who_works_on_the_call(analyst, call, bob, mail_in):
    page = page_of(analyst, call)
    query = page.partition("/news/?")[2].partition('"')[0].replace("&amp;", "&")
    address = reverse("web:call-news", args=[call.pk]) + "?" + query
    assert analyst.get(address).status_code == 204
    locks.lock(call, by(bob, Channel.PAGE))
    assert "<strong>Bob Baker</strong> works on" in analyst.get(address).content.decode()


def join(browser, call, **data):
    return browser.post(reverse("web:call-join", args=[call.pk]), data)


def test_a_merge_is_looked_at_before_it_is_done(analyst, call, other):
    address = reverse("web:call-join", args=[call.pk])
    assert "can't be undone" not in analyst.get(address).content.decode().replace("&#x27;", "'")
    page = analyst.get(address, {"other": other.pk}).content.decode()
    assert "Printer smokes" in page
    assert f"Merge call {call.pk} into call {other.pk}" in page
    call.refresh_from_db()
    assert call.merged_into is None
    assert join(analyst, call, other=other.pk, do="merge")["Location"] == f"/calls/{other.pk}/"
    call.refresh_from_db()
    assert call.merged_into == other
    page = page_of(analyst, call)
    assert "This call was merged into" in page
    assert "do/take/" not in page
    assert "Write a mail" not in page


def test_calls_are_linked_and_the_link_is_undone(analyst, call, other):
    join(analyst, call, other=other.pk, do="link", text="The same printer")
    assert "Printer smokes" in page_of(analyst, call)
    again = join(analyst, call, other=other.pk, do="link", text="My words")
    assert again.status_code == 409
    assert "are linked already" in again.content.decode()
    assert "My words" in again.content.decode()
    analyst.post(reverse("web:call-unlink", args=[call.pk, other.pk]))
    assert CallLink.objects.get().state == LinkState.DISMISSED
    page = analyst.post(reverse("web:call-unlink", args=[call.pk, other.pk]), follow=True)
    assert "are not linked" in page.content.decode()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("", "Type the number of a call."),
        ("x", "Type the number of a call."),
        ("-3", "Type the number of a call."),
        ("9" * 30, "Type the number of a call."),
        ("424242", "There is no call 424242 that you may see."),
        ("self", "That is this call itself."),
    ],
)
def test_another_call_that_is_none_is_refused(analyst, call, number, sentence):
    number = call.pk if number == "self" else number
    for response in (
        analyst.get(reverse("web:call-join", args=[call.pk]), {"other": number}),
        join(analyst, call, other=number, do="merge"),
    ):
        assert response.status_code == 422
        assert sentence in response.content.decode()


def test_an_unclear_button_joins_nothing(analyst, call, other):
    assert "linked or merged" in join(analyst, call, other=other.pk, do="marry").content.decode()
    assert not CallLink.objects.exists()


def test_a_mail_is_split_from_its_call(analyst, call, mail_in):
    address = reverse("web:call-split", args=[call.pk, mail_in.pk])
    assert 'value="Printer jams"' in analyst.get(address).content.decode()
    empty = analyst.post(address, {"subject": " ", "text": "My words"})
    assert "The new call needs a subject." in empty.content.decode()
    assert "My words" in empty.content.decode()
    analyst.post(address, {"subject": "The toner is out"})
    new = Call.objects.get(subject="The toner is out")
    assert "The printer jams." in page_of(analyst, new)
    assert f"Split from Call {call.pk}" in page_of(analyst, new)
    assert analyst.get(reverse("web:call-split", args=[new.pk, mail_in.pk])).status_code == 404


def test_a_task_is_added_to_a_call(analyst, call):
    address = reverse("web:call-task-new", args=[call.pk])
    analyst.post(address, {"title": "Order toner", "kind": "plain", "rule": "all"})
    assert "Order toner" in page_of(analyst, call)
    task = call.tasks.get()
    assert "Printer jams" in analyst.get(reverse("web:task", args=[task.pk])).content.decode()
    assert "A task needs a title." in analyst.post(address, {"kind": "plain"}).content.decode()
