"""The way of an analyst through the pages, in Chromium."""

import os
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def browser():
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser):
    """A page that fails the test when a script fails or the policy stops something of ours."""
    context = browser.new_context()
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def signed_in(page, live_server, ann):
    from mailcall.web.logins import set_password

    set_password(ann, PASSWORD)
    page.goto(f"{live_server.url}/")
    page.get_by_label("Email address").fill("ann@desk.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/calls/")
    return page


def test_sign_in_read_a_call_note_and_close(signed_in, call, mail_in):
    page = signed_in
    page.get_by_role("link", name="Printer jams").click()
    assert page.get_by_role("heading", name="Printer jams").is_visible()
    page.get_by_text("Add a note").click()
    page.get_by_label("Note").fill("Asked the supplier.")
    page.get_by_role("button", name="Add note").click()
    page.locator(".entry.note", has_text="Asked the supplier.").wait_for()
    page.get_by_text("Close the call").click()
    page.locator("#state_comment").fill("Toner replaced.")
    page.get_by_role("button", name="Close call").click()
    page.get_by_text(f"Call {call.pk} is closed.").wait_for()
    call.refresh_from_db()
    assert call.is_closed


def test_a_new_call_appears_in_the_list_by_itself(signed_in, partition, uma):
    from mailcall.desk.models import Call

    signed_in.get_by_text("All quiet").wait_for()
    Call.objects.create(partition=partition, subject="The lift is stuck", user=uma)
    signed_in.get_by_role("link", name="The lift is stuck").wait_for(timeout=8_000)


def test_news_of_a_call_appear_without_losing_what_is_typed(signed_in, live_server, call, mail_in):
    from mailcall.desk import calls
    from mailcall.desk.models import Channel

    page = signed_in
    page.goto(f"{live_server.url}/calls/{call.pk}/")
    page.locator("#reply_text").fill("Half a thought")
    calls.add_note(call, actor=None, text="It moved.", channel=Channel.SYSTEM)
    page.locator(".entry.note", has_text="It moved.").wait_for(timeout=8_000)
    assert page.locator("#reply_text").input_value() == "Half a thought"
    assert page.locator(".entry").count() == 2


def test_whom_a_mail_goes_to_is_shown_where_it_is_typed_before_it_is_sent(
    signed_in, live_server, call, mail_in
):
    page = signed_in
    page.goto(f"{live_server.url}/calls/{call.pk}/")
    page.locator("#reply_text").fill("Try it now.")
    page.locator("#reply .readers").get_by_text("the User").wait_for(timeout=8_000)
    page.locator("#reply_cc").fill("new@example.com")
    page.locator("#reply .readers").get_by_text("not on record").wait_for(timeout=8_000)
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("The mail leaves in").wait_for(timeout=8_000)


def test_a_call_that_moved_under_an_open_page_can_be_closed_once_the_page_shows_it(
    signed_in, live_server, call, mail_in
):
    from mailcall.desk import calls
    from mailcall.desk.models import Channel

    page = signed_in
    page.goto(f"{live_server.url}/calls/{call.pk}/")
    page.get_by_text("Close the call").click()
    page.locator("#state_comment").fill("Solved.")
    calls.add_note(call, actor=None, text="It moved.", channel=Channel.SYSTEM)
    page.locator(".entry.note", has_text="It moved.").wait_for(timeout=8_000)
    page.get_by_role("button", name="Close call").click()
    page.get_by_text(f"Call {call.pk} is closed.").wait_for(timeout=8_000)
    calls.reopen(call, actor=None, channel=Channel.SYSTEM)
    page.locator("#state-title", has_text="Close the call").wait_for(timeout=8_000)


def test_whoever_begins_to_type_works_on_the_call_and_others_see_it(signed_in, live_server, call, mail_in):
    from mailcall.desk import locks
    from mailcall.desk.models import CallLock, Channel, Person
    from mailcall.desk.work import by

    page = signed_in
    page.goto(f"{live_server.url}/calls/{call.pk}/")
    page.locator("#reply_text").type("Try")
    page.get_by_text("You work on this call since").wait_for(timeout=8_000)
    page.get_by_role("button", name="I am done").click()
    page.get_by_text("Nobody works on this call").wait_for(timeout=8_000)
    assert not CallLock.objects.exists()
    bob = Person.objects.create(name="Bob Baker", email="bob@desk.example", is_analyst=True)
    locks.lock(call, by(bob, Channel.PAGE))
    page.get_by_role("button", name="Take over").click(timeout=8_000)
    page.get_by_text("You work on this call since").wait_for(timeout=8_000)
    page.locator("#actions summary", has_text="Suspend").click()
    page.locator("#suspend_text").fill("They are away.")
    page.get_by_role("button", name="Suspend", exact=True).click()
    page.get_by_text(f"Call {call.pk} is suspended.").wait_for(timeout=8_000)


@pytest.fixture
def approval(partition, ann, uma):
    """Uma is asked to approve a request of Ann's."""
    from mailcall.desk.models import Approval, Channel, RequestType, TaskKind
    from mailcall.desk.requests import log_request
    from mailcall.desk.work import by
    from mailcall.desk.workflows import Step, set_workflow

    kind = RequestType.objects.create(name="New laptop", partition=partition)
    set_workflow(kind, [Step("Approve the costs", "costs", TaskKind.USER_APPROVAL, approvers=(uma,))])
    log_request(kind, user=uma, subject="A laptop", deed=by(ann, Channel.PAGE, "A big one."))
    return Approval.objects.get()


def test_the_link_of_an_approval_mail_is_opened_and_its_button_pressed(page, live_server, approval):
    from django.utils import timezone

    from mailcall.outbound import tokens

    link = f"{live_server.url}/decide/{tokens.give(approval, approval.person, timezone.now()).text}/"
    page.goto(link)
    page.get_by_label("Comment").fill("It is needed.")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("heading", name="Approved").wait_for(timeout=8_000)
    approval.refresh_from_db()
    assert (approval.state, approval.comment, approval.proof) == ("approved", "It is needed.", "token")


def test_a_hostile_mail_runs_nothing_and_shows_its_inline_image(
    signed_in, live_server, call, mail_in, attach
):
    import base64

    png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
    )
    attach("dot.png", "image/png", png, inline=True, cid="<dot@x>")
    mail_in.html = (
        "<p id=w onclick='top.hacked=1'>Words</p><script>top.hacked=1</script><img src='cid:dot@x'>"
    )
    mail_in.save()
    page = signed_in
    page.goto(f"{live_server.url}/calls/{call.pk}/")
    page.get_by_text("Show as sent").click()
    frame = page.frame_locator("iframe.mail-frame")
    frame.get_by_text("Words").click()
    frame.locator("img").wait_for()
    assert frame.locator("img").evaluate("image => image.naturalWidth") == 10
    assert page.evaluate("window.hacked") is None


def test_nothing_is_wider_than_a_small_screen(
    signed_in, live_server, call, mail_in, received, held, message, approval
):
    page = signed_in
    page.set_viewport_size({"width": 360, "height": 740})
    for path in (
        "/calls/",
        f"/calls/{call.pk}/",
        "/mails/",
        f"/mails/{held.pk}/",
        "/held/",
        "/messages/",
        f"/messages/{message.pk}/",
        "/accounts/",
        "/subjects/?subject=CLOSE+CALL+12",
        f"/calls/{call.pk}/join/",
        f"/requests/{approval.task.request_id}/",
        f"/tasks/{approval.task_id}/",
        *("/requests/", "/requests/new/", "/tasks/?show=open", "/approvals/", "/delegations/"),
        f"/approvals/{approval.pk}/",
    ):
        page.goto(live_server.url + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"{path} is {wide} px wide"


def test_a_mail_is_written_saved_by_itself_sent_and_taken_back(
    signed_in, live_server, call, mail_in, received
):
    from mailcall.desk.models import Person
    from mailcall.outbound.models import Delivery, Draft

    Person.objects.create(name="Vera Vendor", email="vera@vendor.example")
    page = signed_in
    page.goto(f"{live_server.url}/calls/{call.pk}/")
    page.locator("#timeline").get_by_role("button", name="Reply to all").click()
    page.get_by_role("heading", name="Reply to all").wait_for()
    text = page.get_by_label("Text", exact=True)
    assert "> The printer jams." in text.input_value()
    text.fill("Charge it.\n" + text.input_value())
    page.get_by_text("Saved at").wait_for()
    page.get_by_label("Name or address").fill("vera")
    page.get_by_role("button", name="Vera Vendor to Bcc").click()
    page.locator(".readers", has_text="vera@vendor.example").wait_for()
    page.locator("input[type=file]").set_input_files(
        {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"the plan"}
    )
    page.get_by_role("button", name="Take away plan.txt").wait_for()
    page.goto(f"{live_server.url}/drafts/")
    page.get_by_role("link", name="Printer jams").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("The mail leaves in 15 seconds.").wait_for()
    assert Delivery.objects.filter(state="queued").count() == 2
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("The mail did not leave.").wait_for()
    assert text.input_value().startswith("Charge it.")
    assert Draft.objects.get().files.count() == 1


def test_an_administrator_sees_what_a_shorter_time_does_and_saves_it(signed_in, live_server, call):
    from django.utils import timezone

    from mailcall.desk.clocks import sync
    from mailcall.desk.models import Agreement, BusinessCalendar, Target
    from mailcall.web.models import Login

    Login.objects.update(is_superuser=True)
    calendar = BusinessCalendar.objects.create(name="Office")
    agreement = Agreement.objects.create(name="Standard", calendar=calendar)
    Target.objects.create(agreement=agreement, priority=call.priority, resolution_minutes=480)
    sync(call, timezone.now())
    page = signed_in
    page.goto(f"{live_server.url}/service-levels/")
    page.get_by_role("link", name="Standard").click()
    page.get_by_label(f"Resolution, priority {call.priority}").fill("1h 30m")
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_text("target of open work would be due at another time").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Standard is saved. Open work follows within seconds.").wait_for()
    assert agreement.targets.get().resolution_minutes == 90
