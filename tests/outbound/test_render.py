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
    "marker": "[mc.c1.abcdefgh.abcdefghijklmnop]",
}


@pytest.mark.parametrize("kind", TYPES.values(), ids=str)
@pytest.mark.parametrize("suffix", ["txt", "html"])
def test_a_template_is_filled_as_django_would(kind: MessageType, suffix: str) -> None:
    name = f"outbound/{kind.template}.{suffix}"
    for context in (CONTEXT, {**CONTEXT, "reopened": False, "files": []}, {}):
        assert _filled(name, context) == render_to_string(name, context)
