"""From a row of the message table to the bytes of a mail. The same row always gives the same bytes."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from mailcall.config import config
from mailcall.database.fields import ring
from mailcall.desk.errors import Refused
from mailcall.desk.models import TokenPlace
from mailcall.message import approval_tokens, thread_ids
from mailcall.message.approval_tokens import HIDDEN
from mailcall.message.composing import Draft, compose
from mailcall.message.mail import Attachment, Mailbox
from mailcall.outbound.answers import CONFIRMATION
from mailcall.outbound.letter_html import html_of
from mailcall.outbound.message_types import TYPES, Audience, MessageType
from mailcall.outbound.models import Message, MessageChannel, Token
from mailcall.outbound.surveys import SURVEY, token_for
from mailcall.outbound.template_use import filled, short_text
from mailcall.outbound.templating.filling import Filled
from mailcall.outbound.threads import token_of
from mailcall.outbound.unsubscribing import list_headers, without_token

PAGER_TEXT = 160  # characters of what was said
REPLY_TO = "reply_to"  # in a message's data: [name, address] of where answers are to go, if not to its sender


def render(message: Message, *, pager_encoding: str = "utf-8") -> bytes:
    """The whole mail, CRLF lines, with its secrets: for whom it is meant alone.

    Raises BadAddress when an address can't stand in a header, and Refused.
    """
    draft = _draft(message, _secret(message))
    if message.channel == MessageChannel.PAGER:
        draft = replace(draft, charset=pager_encoding)
    return compose(draft)


def shown(message: Message) -> bytes:
    """The whole mail as others may see it. Raises as `render`."""
    return compose(draft_of(message))


def draft_of(message: Message) -> Draft:
    """The mail before it is composed, as others may see it, for pages that show a part of it.

    Raises Refused when what it is made from was removed.
    """
    draft = _draft(message, HIDDEN if message.data.keys() & {"token", CONFIRMATION, SURVEY} else "")
    return replace(draft, headers=without_token(draft.headers))


def _secret(message: Message) -> str:
    """The token that the mail carries, if it does. Raises Refused when it was removed, and KeyringError."""
    if waiting := message.data.get(CONFIRMATION):
        keys = ring().derived(CONFIRMATION)
        return approval_tokens.make(waiting["nonce"], waiting["number"], waiting["person"], keys)
    if asked := message.data.get(SURVEY):
        return token_for(message.call_id or 0, asked)
    if "token" not in message.data:
        return ""
    token = Token.objects.filter(pk=message.data["token"]).first()
    if token is None:
        raise Refused("The approval that it asks for was removed.")
    return token.text


def _draft(message: Message, secret: str) -> Draft:
    if message.data_removed_at:
        raise Refused(message.removal)
    kind = TYPES[message.type_code]
    place = message.data.get("token_in") if secret else ""
    context = {**message.data, "marker": thread_ids.body_marker(token_of(message.message_id))}
    if CONFIRMATION in message.data:
        context["confirm_url"] = f"{config().base_url}/confirm/{secret}/"
    elif SURVEY in message.data:
        context["survey_url"] = f"{config().base_url}/survey/{secret}/"
    elif secret:
        context |= _ways_to_decide(message, secret)
    if kind.audience == Audience.NAMED:
        context |= {f"{name}_html": html_of(message.data.get(name, "")) for name in ("text", "quote")}
    said, files = _said(message, kind, context)
    name, address = message.sender
    reply_to = tuple(message.data.get(REPLY_TO, ()))
    if place == TokenPlace.REPLY_TO:
        reply_to = name, approval_tokens.reply_address(address, secret)
    return Draft(
        from_=Mailbox(name, address),
        to=tuple(Mailbox(*recipient) for recipient in message.to),
        cc=tuple(Mailbox(*recipient) for recipient in message.cc),
        reply_to=(Mailbox(*reply_to),) if reply_to else (),
        subject=f"{message.subject} [{secret}]" if place == TokenPlace.SUBJECT else message.subject,
        text=said.text,
        html=said.html,
        message_id=message.message_id,
        in_reply_to=message.in_reply_to,
        references=tuple(message.references.split()),
        date=message.created_at,
        auto_submitted=kind.auto_submitted,
        headers=list_headers(message, kind),
        attachments=(*files, *(_files(message) if kind.audience == Audience.NAMED else ())),
    )


def _said(
    message: Message, kind: MessageType, context: dict[str, Any]
) -> tuple[Filled, tuple[Attachment, ...]]:
    """What it says, and the files with it: to a pager a short plain text."""
    if message.channel != MessageChannel.PAGER:
        return filled(message, kind, context)
    words = " ".join(str(message.data.get("text", "")).split())[:PAGER_TEXT]
    short = short_text(message, kind, context) or f"{message.subject}\n{words}"
    return Filled(text=short.strip() + "\n", html=""), ()


def _ways_to_decide(message: Message, secret: str) -> dict[str, str]:
    """Links that open a prepared mail (RFC 6068) or the page, and the marker where the body has the token."""
    number, address = message.data["approval"], quote(message.sender[1], safe="@")
    prepared = {
        verb: f"mailto:{address}?subject=" + quote(f"{verb.upper()} APPROVAL {number} [{secret}]", safe="")
        for verb in ("approve", "reject")
    }
    in_body = message.data["token_in"] == TokenPlace.BODY
    return {
        **prepared,
        "page": f"{config().base_url}/decide/{secret}/",
        "token_marker": approval_tokens.body_marker(secret) if in_body else "",
    }


def _files(message: Message) -> tuple[Attachment, ...]:
    if message.entry is None:
        return ()
    return tuple(
        Attachment(file.name, file.content_type, file.content.read(), file.content.sha256, False, "")
        for file in message.entry.attachments.select_related("content").filter(inline=False).order_by("pk")
    )
