"""From a row of the message table to a mail."""

import pytest
from django.template.loader import render_to_string

from mailcall.outbound.message_types import TYPES, MessageType
from mailcall.outbound.render import _filled

CONTEXT = {
    "call": 12345,
    "subject": 'Ink <b> & "paper"',
    "state": "Open",
    "partition": "IT & <Facilities>",
    "user": "Ann O'Archer",
    "writer": "Bob",
    "author": "Bob Baker",
    "text": "One.\n\nTwo & <three>\n.\n",
    "url": "https://desk.example/calls/12345/",
    "reopened": True,
    "files": ["a.pdf", "<b>.txt"],
    "thing": "call 12345",
    "parent": "request 7",
    "parent_subject": "New <laptop>",
    "parent_url": "https://desk.example/requests/7/",
    "type": "A & B",
    "due": "Monday",
    "whom": "Service <Desk>",
    "solved": True,
    "for_user": True,
    "reopen_days": 14,
    "hours": 72,
    "approval": 31,
    "receiver": "Cy",
    "for_whom": "Ann",
    "comment": "One.\n<b>Two</b>",
    "asker": "Bob & Co",
    "approve": "mailto:a@b.example?subject=APPROVE%20APPROVAL%2031",
    "reject": "mailto:a@b.example?subject=REJECT%20APPROVAL%2031",
    "page": "https://desk.example/decide/hidden/",
    "token_marker": "[ok.hidden]",
    "how": "rejected",
    "marker": "[mc.c1.abcdefgh.abcdefghijklmnop]",
}


@pytest.mark.parametrize("kind", TYPES.values(), ids=str)
@pytest.mark.parametrize("suffix", ["txt", "html"])
def test_a_template_is_filled_as_django_would(kind: MessageType, suffix: str) -> None:
    name = f"outbound/{kind.template}.{suffix}"
    for context in (CONTEXT, {**CONTEXT, "reopened": False, "files": []}, {}):
        assert _filled(name, context) == render_to_string(name, context)
