"""What is asked and typed may hold NUL characters, which PostgreSQL takes nowhere."""

import pytest
from django.urls import reverse

from mailcall.outbound.models import Draft, Snippet
from mailcall.web.logins import set_password
from mailcall.web.urls import pages

ASKED = (
    "q", "tab", "find", "show", "before", "state", "seen", "language", "subject", "account", "became",
    "analyst", "group", "version", "lock", "rating", "recipient", "server", "type_code", "hours", "other",
)  # fmt: skip
TYPED = (*ASKED, "do", "text", "to", "kind", "address", "decision", "operation", "name", "send_at", "comment")
NUL = "a\0b"


@pytest.fixture
def administrator(client, ann):
    login = set_password(ann, "correct horse battery 9")
    login.is_superuser = True
    login.save()
    client.force_login(login, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def addresses(administrator, ann, call, received, message, server):
    """Of every page, with numbers of what is there."""
    draft = Draft.objects.create(author=ann, call=call)
    keys = {received.pk, message.pk, server.pk, draft.pk, call.pk, received.entry.pk}
    found = set()
    for page in pages:
        kinds = page.pattern.converters
        for key in keys:
            arguments = {
                name: (call.pk if name == "number" else key) if "Int" in type(kind).__name__ else "call"
                for name, kind in kinds.items()
            }
            found.add(reverse(f"web:{page.name}", kwargs=arguments))
    assert len(found) > 100
    return sorted(found)


def test_every_page_may_be_asked_for_nul(administrator, addresses):
    """No page fails; that it answers is all that is asked of it."""
    for address in addresses:
        assert administrator.get(address, dict.fromkeys(ASKED, NUL)).status_code < 500, address


def test_every_page_may_be_sent_nul(administrator, addresses):
    for address in addresses:
        if "sign-out" not in address:
            answer = administrator.post(address, {**dict.fromkeys(TYPED, NUL), "do": "add:a\0b"})
            assert answer.status_code < 500, address


def test_an_address_with_nul_leads_nowhere(administrator, client):
    for address in ("/a%00b/", "/confirm/%00/", "/survey/a%00/", "/static/%00"):
        assert administrator.get(address).status_code == 404, address


def test_what_is_typed_with_nul_is_kept_without(administrator):
    administrator.post(reverse("web:snippet-new"), {"name": "Gre\0eting", "text": "Hel\0lo"})
    assert (Snippet.objects.get().name, Snippet.objects.get().text) == ("Greeting", "Hello")
