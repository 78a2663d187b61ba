"""What an analyst can do to a call, and what happens to what was typed when it can't be done."""

import pytest
from django.test import Client
from django.urls import reverse

from mailcall.desk import calls
from mailcall.desk.models import Channel, LinkState, Participant, TimelineEntry
from mailcall.outbound.models import Message
from mailcall.outbound.typed_addresses import as_typed
from mailcall.web.forms import MailboxesField


def post(browser, page, *args, **data):
    return browser.post(reverse(f"web:{page}", args=args), data)


def test_a_note_is_added_and_shown(analyst, call, ann):
    response = post(analyst, "call-note", call.pk, text="Asked the supplier.")
    entry = TimelineEntry.objects.get(kind="note")
    assert response["Location"] == f"/calls/{call.pk}/#entry-{entry.pk}"
    assert (entry.actor, entry.channel, entry.internal) == (ann, Channel.PAGE, True)


@pytest.mark.parametrize(
    ("form", "data", "sentence", "kept"),
    [
        ("call-note", {"text": "  "}, "A note needs some text.", "note_text"),
        ("participant-add", {"address": "nobody", "name": "No Body"}, "not an email address", "No Body"),
        ("participant-add", {"address": "uma@example.com", "name": "U"}, "takes part always", "uma@example"),
        ("call-close", {"version": "x", "comment": "Done it"}, "did not say which version", "Done it"),
    ],
)
def test_bad_input_gives_a_sentence_and_loses_nothing(analyst, call, form, data, sentence, kept):
    response = post(analyst, form, call.pk, **data)
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert kept in page
    assert not Message.objects.exists()


def test_what_the_desk_refuses_is_said_and_the_text_kept(analyst, call, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise calls.Refused("The desk is closed for repairs.")

    monkeypatch.setattr(calls, "add_note", refuse)
    page = post(analyst, "call-note", call.pk, text="Long thoughts").content.decode()
    assert "The desk is closed for repairs." in page
    assert "Long thoughts" in page


def test_a_call_is_closed_and_reopened(analyst, call):
    post(analyst, "call-close", call.pk, version=call.version, comment="Toner replaced.")
    call.refresh_from_db()
    assert call.is_closed
    page = analyst.get(reverse("web:call", args=[call.pk])).content.decode()
    assert "Closed: Toner replaced." in page
    assert "Reopen the call" in page
    post(analyst, "call-reopen", call.pk, version=call.version)
    call.refresh_from_db()
    assert not call.is_closed


def test_closing_a_call_that_moved_meanwhile_is_refused_once(analyst, call, uma):
    seen = call.version
    calls.add_note(call, actor=None, text="Something new.", channel=Channel.SYSTEM)
    response = post(analyst, "call-close", call.pk, version=seen, comment="All done.")
    page = response.content.decode()
    assert response.status_code == 409
    assert "changed while you looked at it" in page
    assert "All done." in page
    assert "Something new." in page
    call.refresh_from_db()
    assert not call.is_closed
    assert f'name="version" value="{call.version}"' in page


def test_participants_come_and_go(analyst, call):
    post(analyst, "participant-add", call.pk, address="Bo@Example.com", name="Bo")
    bo = call.participants.get(address="bo@example.com")
    post(analyst, "participant-remove", call.pk, bo.pk)
    assert not Participant.objects.filter(pk=bo.pk).exists()


def test_the_user_of_a_call_stays(analyst, call, uma):
    own = call.participants.get()
    response = analyst.post(reverse("web:participant-remove", args=[call.pk, own.pk]), follow=True)
    assert "takes part always" in response.content.decode()
    assert call.participants.exists()


@pytest.mark.parametrize(
    ("decision", "state"), [("accept", LinkState.ACCEPTED), ("dismiss", LinkState.DISMISSED)]
)
def test_a_proposed_link_is_decided(analyst, call, link, decision, state):
    post(analyst, "link-decide", call.pk, link.pk, decision=decision)
    link.refresh_from_db()
    assert link.state == state
    again = analyst.post(
        reverse("web:link-decide", args=[call.pk, link.pk]), {"decision": decision}, follow=True
    )
    assert "decided already" in again.content.decode()


def test_an_unclear_decision_changes_nothing(analyst, call, link):
    post(analyst, "link-decide", call.pk, link.pk, decision="perhaps")
    link.refresh_from_db()
    assert link.state == LinkState.PROPOSED


def test_another_calls_participant_is_not_removed(analyst, call, link):
    other = Participant.objects.create(call=link.earlier, address="x@example.com", reason="x")
    assert post(analyst, "participant-remove", call.pk, other.pk).status_code == 404


def test_a_change_needs_the_token_of_the_form(ann, call):
    from mailcall.web.logins import set_password

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(
        set_password(ann, "correct horse battery"), backend="django.contrib.auth.backends.ModelBackend"
    )
    response = browser.post(reverse("web:call-note", args=[call.pk]), {"text": "forged"})
    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()
    assert not TimelineEntry.objects.exists()


def test_a_get_changes_nothing(analyst, call, held):
    for name, args in (("call-note", [call.pk]), ("call-close", [call.pk]), ("mail-retry", [held.pk])):
        assert analyst.get(reverse(f"web:{name}", args=args)).status_code == 405


@pytest.mark.parametrize(
    ("typed", "boxes"),
    [
        ("a@b.example", [("", "a@b.example")]),
        ("Ann <a@b.example>; b@b.example", [("Ann", "a@b.example"), ("", "b@b.example")]),
        (
            '"Archer, Ann" <a@b.example>,\nBo <b@b.example>',
            [("Archer, Ann", "a@b.example"), ("Bo", "b@b.example")],
        ),
        ("a@b.example, A <A@B.example>", [("", "a@b.example")]),
        ("a@b.example,,", [("", "a@b.example")]),
    ],
)
def test_addresses_are_read_as_people_type_them(typed, boxes):
    assert MailboxesField().clean(typed) == boxes


@pytest.mark.parametrize("box", [("Archer, Ann", "a@b.example"), ("Ann", "a@b.example"), ("", "a@b.example")])
def test_a_mailbox_is_prefilled_so_that_it_reads_back(box):
    assert MailboxesField().clean(as_typed(*box)) == [box]


def test_an_address_takes_part_only_once(analyst, call):
    post(analyst, "participant-add", call.pk, address="bo@example.com")
    response = post(analyst, "participant-add", call.pk, address="bo@example.com", name="Bo")
    assert response.status_code == 422
    assert "takes part already" in response.content.decode()
