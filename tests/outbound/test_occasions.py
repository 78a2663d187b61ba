"""The words for message types."""

from mailcall.outbound.message_types import TYPES
from mailcall.outbound.occasions import by_entity, occasion


def test_every_message_type_says_when_it_is_sent_and_to_whom() -> None:
    assert all(all(occasion(kind)) for kind in TYPES.values())


def test_every_message_type_is_listed_once() -> None:
    assert [kind for kinds in by_entity().values() for kind in kinds] == list(TYPES.values())
