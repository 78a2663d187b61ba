"""List-Id of what Mailcall sends by itself, and unsubscribing with one click (RFC 2919, RFC 8058)."""

from django.core import signing

from mailcall.config import config
from mailcall.desk.models import Person
from mailcall.message.approval_tokens import HIDDEN
from mailcall.outbound.message_types import CALL_SURVEY, DIGEST, TYPES, MessageType
from mailcall.outbound.models import Message, PersonChoice, Wish
from mailcall.outbound.threads import domain_of

READER = "reader"  # in a message's data: the key of the person who may unsubscribe
SUBSCRIBED = {DIGEST: "the digest of notices", CALL_SURVEY: "questions about closed calls"}
_SALT = "mailcall.outbound.unsubscribe"

Headers = tuple[tuple[str, str], ...]


def list_headers(message: Message, kind: MessageType) -> Headers:
    """The fields by which mail programs sort what machines write, and leave it out on a click.

    An answer to one mail, such as an acknowledgement, is a letter to its sender, and of no list (RFC 2919 1).
    """
    if kind.auto_submitted != "auto-generated":
        return ()
    label = f"{kind.name} <{kind.code}.{domain_of(message.sender[1])}>"
    person = message.data.get(READER)
    return (("List-Id", label), *(unsubscribe_headers(person, kind) if person else ()))


def unsubscribe_headers(person: int, what: MessageType) -> Headers:
    """For a mail that a person, by their key, may do without; both fields are signed by our DKIM keys."""
    return (
        ("List-Unsubscribe", f"<{config().base_url}/unsubscribe/{token_for(person, what)}/>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )


def without_token(headers: Headers) -> Headers:
    """The same as others may see them: whoever has the token could unsubscribe the reader."""
    hidden = f"<{config().base_url}/unsubscribe/{HIDDEN}/>"
    return tuple((name, hidden if name == "List-Unsubscribe" else value) for name, value in headers)


def token_for(person: int, what: MessageType) -> str:
    """What stands in for a sign-in, for this person and kind of mail alone. It does not expire."""
    return signing.dumps([person, what.code], salt=_SALT)


def read_token(token: str) -> tuple[Person, MessageType] | None:
    """Who may unsubscribe from what; None for what is no token, or of somebody who was erased."""
    try:
        key, code = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    person = Person.objects.filter(pk=key).exclude(email="").first()
    return (person, TYPES[code]) if person and code in TYPES else None


def unsubscribe(person: Person, what: MessageType) -> None:
    """Have them no longer get it; done twice it changes nothing."""
    if what is DIGEST:
        PersonChoice.objects.filter(person=person, wish=Wish.DIGEST).update(wish=Wish.OFF)
        return
    PersonChoice.objects.update_or_create(person=person, type_code=what.code, defaults={"wish": Wish.OFF})


def is_unsubscribed(person: int, what: MessageType) -> bool:
    """Whether they said so."""
    return PersonChoice.objects.filter(person=person, type_code=what.code, wish=Wish.OFF).exists()
