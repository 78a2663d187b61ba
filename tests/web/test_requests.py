"""Requests and tasks on the pages: lists, logging, and all that an analyst does to them."""

import pytest
from django.urls import reverse

from desk.offices import APPROVAL, Office, step
from mailcall.desk.models import Request, Task
from mailcall.desk.requests import log_request
from mailcall.desk.workflows import set_workflow
from mailcall.web.logins import set_password

PASSWORD = "correct horse battery"


@pytest.fixture
def office(db):
    office = Office.open()
    office.now = __import__("django.utils.timezone", fromlist=["now"]).now()
    return office


@pytest.fixture
def work(office):
    """A request that is approved by Ann and Bob, and then bought."""
    set_workflow(
        office.type,
        [
            step("boss", kind=APPROVAL, approvers=(office.ann, office.bob)),
            step("buy", "boss", condition="approved", group=office.group),
            step("sorry", "boss", condition="rejected"),
        ],
    )
    return log_request(
        office.type,
        user=office.uma,
        subject="A laptop for Uma",
        deed=office.deed(office.uma, "With a big screen."),
    )


def sign_in(client, person):
    client.force_login(set_password(person, PASSWORD), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def ann_browser(client, office):
    return sign_in(client, office.ann)


def do(browser, kind, row, action, **data):
    row.refresh_from_db()
    data.setdefault("version", row.version)
    return browser.post(reverse(f"web:{kind}-do", args=[row.pk, action]), data)


def task_of(work, key):
    return Task.objects.get(request=work, step__key=key)


def page_of(browser, name, *args, **query):
    response = browser.get(reverse(f"web:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_request_is_listed_with_its_state(ann_browser, work, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        page = page_of(ann_browser, "requests")
    assert "A laptop for Uma" in page
    assert "A laptop for Uma" not in page_of(ann_browser, "requests", show="closed")
    for query in (str(work.pk), f"[Request {work.pk}]", "laptop uma", "uma@cust"):
        assert "A laptop for Uma" in page_of(ann_browser, "requests", q=query)
    assert "No request matches" in page_of(ann_browser, "requests", q="nothing of the kind")


def test_the_list_is_sent_again_only_when_it_changed(ann_browser, work):
    address = reverse("web:requests")
    table = ann_browser.get(address, headers={"HX-Request": "true"}).content.decode()
    seen = table.partition("seen=")[2].partition('"')[0]
    assert ann_browser.get(address, {"seen": seen}, headers={"HX-Request": "true"}).status_code == 204


def test_a_request_shows_what_is_asked_and_its_tasks_in_order(
    ann_browser, work, django_assert_max_num_queries
):
    with django_assert_max_num_queries(26):
        page = page_of(ann_browser, "request", work.pk)
    assert "With a big screen." in page
    assert page.index(">Boss</a>") < page.index(">Buy</a>") < page.index(">Sorry</a>")
    assert "0 of 2 needed approvals; waiting for Ann, Bob" in page


def test_a_request_is_logged_on_a_page(ann_browser, office):
    response = ann_browser.post(
        reverse("web:request-new"),
        {"type": office.type.pk, "user": "uma@customer.example", "subject": "A chair", "text": "Mine broke."},
    )
    made = Request.objects.get(subject="A chair")
    assert response["Location"] == f"/requests/{made.pk}/"
    assert (made.user, made.logged_by) == (office.uma, office.ann)
    assert "Mine broke." in page_of(ann_browser, "request", made.pk)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"user": "nobody@x.example"}, "Nobody who can act on this desk has the address"),
        ({"user": "nobody"}, "That is not an email address."),
        ({"user": ""}, "Type the address of a person."),
        ({"subject": "  "}, "A request needs a subject."),
        ({"type": ""}, "Choose what kind of request it is."),
        ({"type": "99999"}, "Choose what kind of request it is."),
    ],
)
def test_a_request_that_can_not_be_logged_says_why_and_keeps_the_text(ann_browser, office, wrong, sentence):
    typed = {
        "type": office.type.pk,
        "user": "uma@customer.example",
        "subject": "A chair",
        "text": "Mine broke.",
    }
    response = ann_browser.post(reverse("web:request-new"), typed | wrong)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert "Mine broke." in response.content.decode()
    assert not Request.objects.exists()


def test_a_user_logs_a_request_for_themself_alone(client, office):
    browser = sign_in(client, office.uma)
    browser.post(
        reverse("web:request-new"),
        {"type": office.type.pk, "user": "ulf@customer.example", "subject": "A chair", "text": ""},
    )
    assert Request.objects.get().user == office.uma


def test_a_user_does_not_log_what_only_analysts_may(client, office):
    office.type.logged_on_page = "analysts"
    office.type.save()
    browser = sign_in(client, office.uma)
    response = browser.post(reverse("web:request-new"), {"type": office.type.pk, "subject": "A chair"})
    assert response.status_code == 422
    assert not Request.objects.exists()


def test_a_request_is_taken_forwarded_updated_and_cancelled(ann_browser, office, work):
    assert do(ann_browser, "request", work, "take").status_code == 302
    work.refresh_from_db()
    assert work.analyst == office.ann
    do(ann_browser, "request", work, "forward", group=office.group.pk, analyst=office.bob.pk, text="Yours")
    work.refresh_from_db()
    assert (work.group, work.analyst) == (office.group, office.bob)
    do(ann_browser, "request", work, "update", text="Asked the shop.")
    assert "Asked the shop." in page_of(ann_browser, "request", work.pk)
    do(ann_browser, "request", work, "cancel", text="No money.")
    work.refresh_from_db()
    assert work.state == "cancelled"
    assert set(work.tasks.values_list("state", flat=True)) == {"cancelled"}


@pytest.mark.parametrize(
    ("action", "data", "status", "sentence"),
    [
        ("update", {"text": " "}, 422, "An update needs some text."),
        ("forward", {"text": "My reason"}, 409, "Say to which group or analyst it goes."),
        ("forward", {"group": "nine", "text": "My reason"}, 422, "Select a valid choice"),
        ("close", {"text": "My reason"}, 409, "be closed while tasks are left"),
        ("close", {"text": "My reason", "version": "x"}, 422, "did not say which version"),
        ("cancel", {"text": "My reason", "version": "0"}, 409, "changed while you looked at it"),
        ("dance", {}, 404, "There is no such page"),
    ],
)
def test_what_can_not_be_done_to_a_request_says_why_and_loses_nothing(
    ann_browser, work, action, data, status, sentence
):
    response = do(ann_browser, "request", work, action, **data)
    page = response.content.decode()
    assert response.status_code == status
    assert sentence.replace("'", "&#x27;") in page
    assert data.get("text", "").strip() in page
    work.refresh_from_db()
    assert work.state == "open"


def test_after_a_conflict_the_form_is_about_what_the_page_shows(ann_browser, work):
    page = do(ann_browser, "request", work, "cancel", version="0", text="Why not").content.decode()
    form = page.partition("do/cancel/")[2].partition("</form>")[0]
    assert f'name="version" value="{work.version}"' in form


def test_my_tasks_those_of_my_groups_and_all(ann_browser, client, office, work):
    boss = task_of(work, "boss")
    assert "Nothing is yours" in page_of(ann_browser, "tasks")
    assert ">Boss</a>" in page_of(ann_browser, "tasks", show="open")
    from mailcall.desk.approvals import decide
    from mailcall.desk.work_states import Verb

    for approval in boss.approvals.all():
        decide(approval, Verb.APPROVE, office.deed(approval.person))
    assert ">Buy</a>" in page_of(ann_browser, "tasks", show="groups")
    assert ">Boss</a>" in page_of(ann_browser, "tasks", show="ended")
    do(ann_browser, "task", task_of(work, "buy"), "take")
    assert ">Buy</a>" in page_of(ann_browser, "tasks", show="mine")
    do(ann_browser, "task", task_of(work, "buy"), "close", text="Bought.")
    work.refresh_from_db()
    assert work.state == "closed"
    do(ann_browser, "task", task_of(work, "buy"), "reopen")
    work.refresh_from_db()
    assert work.state == "open"


def test_an_approval_task_shows_who_was_asked_and_one_more_is_asked_or_withdrawn(ann_browser, office, work):
    boss = task_of(work, "boss")
    page = page_of(ann_browser, "task", boss.pk)
    assert "This waits for you" in page
    assert "2 must approve" in page
    response = do(ann_browser, "task", boss, "ask", person="uma@customer.example", text="Please")
    assert "Uma is no active Analyst" in response.content.decode()
    do(ann_browser, "task", boss, "ask", person="cy@desk.example")
    asked = boss.approvals.get(person=office.cy)
    boss.refresh_from_db()
    ann_browser.post(
        reverse("web:approval-withdraw", args=[boss.pk, asked.pk]),
        {"version": boss.version, "text": "On holiday"},
    )
    asked.refresh_from_db()
    assert (asked.state, asked.comment) == ("withdrawn", "On holiday")
    boss.refresh_from_db()
    again = ann_browser.post(
        reverse("web:approval-withdraw", args=[boss.pk, asked.pk]), {"version": boss.version}, follow=True
    )
    assert "nothing is left to decide" in again.content.decode()


def test_a_task_is_added_to_a_request(ann_browser, office, work):
    address = reverse("web:request-task-new", args=[work.pk])
    assert "Add a task" in ann_browser.get(address).content.decode()
    typed = {"title": "Call the shop", "kind": "plain", "rule": "all", "text": "Today, please."}
    assert ann_browser.post(address, typed | {"group": office.group.pk}).status_code == 302
    assert "Call the shop" in page_of(ann_browser, "request", work.pk)
    wrong = ann_browser.post(address, typed | {"kind": "approval"})
    assert wrong.status_code == 409
    assert "an approval without approvers" in wrong.content.decode()
    assert "Today, please." in wrong.content.decode()
    wrong = ann_browser.post(address, typed | {"kind": "approval", "approvers": "bob@desk.example x@y"})
    assert "That is not an email address." in wrong.content.decode()


def test_requests_of_other_partitions_are_not_shown(ann_browser, office, work):
    from mailcall.desk.models import Grant, Partition, Role

    role = Role.objects.create(name="HR only", rights=["view", "update"])
    Grant.objects.create(
        role=role, person=office.ann, partition=Partition.objects.create(name="HR", address="hr@desk.example")
    )
    assert "A laptop for Uma" not in page_of(ann_browser, "requests")
    boss = task_of(work, "boss")
    assert ">Boss</a>" not in page_of(ann_browser, "tasks", show="open")
    for name, key in (("request", work.pk), ("task", boss.pk)):
        response = ann_browser.get(reverse(f"web:{name}", args=[key]))
        assert response.status_code == 403
        assert "Ann may not see what is in IT" in response.content.decode()
        assert do(ann_browser, name, work if name == "request" else boss, "take").status_code == 403


def test_what_a_role_does_not_give_is_neither_offered_nor_done(ann_browser, office, work):
    from mailcall.desk.models import Grant, Role

    Grant.objects.create(role=Role.objects.create(name="Reader", rights=["view"]), person=office.ann)
    page = page_of(ann_browser, "request", work.pk)
    assert "do/cancel/" not in page
    assert do(ann_browser, "request", work, "cancel").status_code == 403
