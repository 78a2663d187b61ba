"""Every page is there for an analyst, closed to a User, and asks the database a bounded number of times."""

import pytest
from django.urls import reverse
from django.utils.html import conditional_escape

from mailcall.desk.models import Group
from mailcall.inbound.models import FED, IncomingAccount
from mailcall.web.templatetags.desk import breaks_at, language_name
from mailcall.web.urls import pages

PUBLIC = {"survey", "unsubscribe", "sign-in", "healthz", "readyz", "inline-image", "confirm", "decide"}
FOR_ALL_SIGNED_IN = {
    *("home", "sign-out", "confirmations", "confirmation"),
    *("request-new", "approvals", "approval", "delegations", "delegation-revoke"),
}


@pytest.fixture
def everything(received, held, message, link):
    """Everything at once."""


def address_of(name, pattern):
    return reverse(f"web:{name}", kwargs=dict.fromkeys(pattern.pattern.converters, 1))


@pytest.mark.parametrize(
    "name",
    [
        "calls",
        "requests",
        "tasks",
        "approvals",
        "delegations",
        "mails",
        "held",
        "messages",
        "accounts",
        "subjects",
    ],
)
def test_a_list_is_shown_to_an_analyst(analyst, everything, name, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        response = analyst.get(reverse(f"web:{name}"))
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert "default-src 'self'" in response["Content-Security-Policy"]


def test_an_account_without_a_mailbox_is_not_said_to_wait_for_a_check(analyst, everything):
    IncomingAccount.objects.update(protocol=FED, server="")
    page = analyst.get(reverse("web:accounts")).content.decode()
    assert "fed by pipe or LMTP" in page
    assert "Not checked yet" not in page


def test_the_folders_and_the_size_limit_of_an_account_are_shown(analyst, everything):
    IncomingAccount.objects.update(folder="INBOX\nDesk, old")
    page = analyst.get(reverse("web:accounts")).content.decode()
    assert "INBOX · Desk, old" in page
    assert "mails up to 50 MB" in page


def test_a_mail_of_which_only_the_header_was_fetched_says_so(analyst, received):
    received.header_only, received.size = True, 60 * 1024 * 1024
    received.save()
    page = analyst.get(reverse("web:mail", args=[received.pk])).content.decode()
    assert "60.0\xa0MB, of which only the header was fetched" in page
    assert "The first 64 KB here" not in page


def test_a_call_shows_all_that_happened(analyst, everything, call, mail_in, django_assert_max_num_queries):
    with django_assert_max_num_queries(28):
        page = analyst.get(reverse("web:call", args=[call.pk])).content.decode()
    assert "The printer jams." in page
    assert "proof: address" in page
    assert "451 4.7.1 Try again later" in page
    assert f"/mails/{mail_in.received_mail.pk}/" in page
    assert "Does this belong to call" in page


def test_a_mail_shows_why_it_did_what_it_did(analyst, everything, received):
    page = analyst.get(reverse("web:mail", args=[received.pk])).content.decode()
    assert "Logged as a new call" in page
    assert "log-a-call" in page
    assert "anything else" in page
    assert "Message-ID: &lt;first@example.com&gt;" in page


def test_a_message_shows_its_text_and_its_deliveries(analyst, everything, message):
    page = analyst.get(reverse("web:message", args=[message.pk])).content.decode()
    assert "1001 Call - Logged" in page
    assert "Retry now" in page
    assert "What it says" in page
    source = analyst.get(reverse("web:message-raw", args=[message.pk]))
    assert b"Message-ID: <out-1@desk.example>" in source.content


@pytest.mark.parametrize("pattern", pages, ids=lambda pattern: pattern.name)
def test_no_page_is_open_to_a_user(user_browser, everything, pattern):
    if pattern.name in PUBLIC | FOR_ALL_SIGNED_IN:
        pytest.skip("open on purpose")
    address = address_of(pattern.name, pattern)
    responses = [user_browser.get(address), user_browser.post(address)]
    assert {response.status_code for response in responses} <= {403, 405}
    refused = next(response for response in responses if response.status_code == 403)
    assert "These pages are for analysts" in refused.content.decode()


@pytest.mark.parametrize("pattern", pages, ids=lambda pattern: pattern.name)
def test_no_page_is_open_to_a_stranger(client, db, pattern):
    if pattern.name in PUBLIC:
        pytest.skip("open on purpose")
    response = client.post(address_of(pattern.name, pattern))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("web:sign-in"))


def test_the_sign_of_life_needs_no_sign_in(client, db):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_a_page_that_is_not_there_says_so(analyst):
    response = analyst.get("/calls/999/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_empty_lists_say_what_would_be_there(analyst):
    assert "All quiet" in analyst.get(reverse("web:calls")).content.decode()
    assert "Nothing is held" in analyst.get(reverse("web:held")).content.decode()


def test_a_long_timeline_is_shown_in_parts(analyst, call, ann, django_assert_max_num_queries):
    from mailcall.desk.models import TimelineEntry

    TimelineEntry.objects.bulk_create(
        TimelineEntry(call=call, kind="note", channel="page", actor=ann, text=f"note {n}.")
        for n in range(250)
    )
    with django_assert_max_num_queries(27):
        page = analyst.get(reverse("web:call", args=[call.pk])).content.decode()
    assert "note 249." in page
    assert "note 149." not in page
    assert "Earlier entries" in page


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("close call #12, 13: works again", ["Command", "12, 13", "works again", "a User&#x27;s own call"]),
        ("CLOSE COL 12", ["Near miss", "CLOSE CALL 12", "CLOSE (CALL / TASK / REQUEST)"]),
        ("Re: [EXT] take call 4", ["Command", "Prefix", "reply"]),
        ("Fwd: close call 12", ["Free text", "a forward is never a command"]),
        ("Help, laptop dead", ["Free text", "logs a call"]),
        ("SCHLIESSE CALL 12", ["Free text"]),
        ("LOG REQUEST New <b>laptop</b>", ["New &lt;b&gt;laptop", "none of this desk"]),
        ("\x00" * 50 + "\u202e", ["Free text"]),
        ("x" * 5000, ["Free text"]),
    ],
)
def test_a_subject_is_tried(analyst, account, subject, shown):
    account.gateway_tags = "[EXT]"
    account.save()
    page = analyst.get(reverse("web:subjects"), {"subject": subject, "account": account.pk})
    text = page.content.decode().partition("All commands")[0]
    assert [word for word in shown if word not in text] == []


def test_a_subject_that_forwards_to_nobody_says_so(analyst):
    Group.objects.create(name="Network")

    def page(subject):
        return analyst.get(reverse("web:subjects"), {"subject": subject}).content.decode()

    assert "Netwrok: There is no group or analyst “Netwrok”." in page("FORWARD CALL 12 TO Netwrok")
    assert "<dd>the group Network</dd>" in page("FORWARD CALL 12 TO network")


@pytest.mark.parametrize(
    ("written", "shown"),
    [("ann@desk.example", "ann@<wbr>desk.example"), ("<b>@x", "&lt;b&gt;@<wbr>x"), ("nobody", "nobody")],
)
def test_an_address_breaks_behind_its_at(written, shown):
    assert breaks_at(written) == breaks_at(conditional_escape(written)) == shown


@pytest.mark.parametrize(
    ("tag", "name"),
    [("de", "German (de)"), ("pt-BR", "Brazilian Portuguese (pt-BR)"), ("xx-yy", "xx-yy"), ("", "")],
)
def test_languages_are_called_by_their_names(tag, name):
    assert language_name(tag) == name


@pytest.mark.parametrize(
    ("name", "entry"), [("confirmations", "approvals"), ("delegations", "approvals"), ("trials", "mails")]
)
def test_a_page_without_an_entry_of_its_own_is_marked_under_another(analyst, name, entry):
    page = analyst.get(reverse(f"web:{name}")).content.decode()
    assert f'<a href="{reverse(f"web:{entry}")}" aria-current="true">' in page


def test_subjects_are_shown_in_the_words_and_with_the_proofs_of_the_account(analyst, account):
    account.words, account.proofs = {"CLOSE": ["FINISH"]}, {"take": "address"}
    account.save()
    page = analyst.get(reverse("web:subjects"), {"subject": "finish call 7", "account": account.pk})
    assert "FINISH (CALL / TASK / REQUEST)" in page.content.decode()
    page = analyst.get(reverse("web:subjects"), {"subject": "take call 7", "account": account.pk})
    assert "<dt>Proof</dt><dd>An address on record.</dd>" in page.content.decode()
    for key in ("x", "999999", "-1"):
        assert analyst.get(reverse("web:subjects"), {"subject": "HELP", "account": key}).status_code == 200
