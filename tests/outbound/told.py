"""Who was told of what, for tests of notices: the message table as short texts."""

from mailcall.desk.changes import Words
from mailcall.desk.events import Origin
from mailcall.desk.models import Channel, EntryKind, Person
from mailcall.desk.work import Deed
from mailcall.message import Mail, read_mail
from mailcall.outbound.models import Delivery, Message
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.render import render


def told(code: int) -> list[str]:
    """The recipients of all mails of a type, in the order of the table."""
    rows = Delivery.objects.filter(message__type_code=code).order_by("pk")
    return list(rows.values_list("recipient", flat=True))


def told_anything() -> dict[int, list[str]]:
    """The recipients of all mails, by type."""
    codes = Message.objects.order_by("type_code").values_list("type_code", flat=True).distinct()
    return {code: told(code) for code in codes}


def forget() -> None:
    """Empty the message table, so that only what comes now is seen."""
    Delivery.objects.all().delete()
    Message.objects.all().delete()


def mails(code: int) -> list[Mail]:
    """The mails of a type, as they are handed over."""
    return [read_mail(render(message)) for message in Message.objects.filter(type_code=code).order_by("pk")]


def mailed(actor: Person, text: str = "", *, internal: bool = True, **more: object) -> Deed:
    """A deed by mail of this person."""
    origin = MailOrigin(actor.name, actor.email, "<in@customer.example>", (), answer=True)
    words = Words(
        EntryKind.MAIL_IN,
        actor,
        str(actor),
        Channel.EMAIL,
        "authenticated",
        internal=internal,
        text=text,
        external_id="<in@customer.example>",
    )
    return Deed(words, origin=Origin("0" * 32, origin), **more)
