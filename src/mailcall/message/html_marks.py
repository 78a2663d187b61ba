"""Knows the containers by which mail programs mark quotations and signatures in HTML."""

import re
from typing import NamedTuple

from .mail import PieceKind


class Mark(NamedTuple):
    """Lines [first, end) of a text that the markup names as of a kind.

    An open-ended one is only where a header block may begin; what follows it is quoted to the end.
    """

    first: int
    end: int
    kind: PieceKind
    open_ended: bool = False


class Container(NamedTuple):
    """What an element says of the text in it."""

    kind: PieceKind
    open_ended: bool = False


_QUOTE = Container(PieceKind.QUOTE)
_HEADER_BELOW = Container(PieceKind.QUOTE, open_ended=True)
_SIGNATURE = Container(PieceKind.SIGNATURE)

# Parts of an id, class, name or data-marker. Clients that pass a mail on put `x_` or numbers around them.
_NAMES = {
    "gmail_attr": _QUOTE,
    "gmail_quote": _QUOTE,  # a `blockquote` inside it, if any, bounds what is quoted
    "moz-cite-prefix": _QUOTE,
    "moz-email-headers-table": _HEADER_BELOW,
    "yahoo_quoted": _QUOTE,
    "protonmail_quote": _QUOTE,
    "tutanota_quote": _QUOTE,
    "zmail_extra": _QUOTE,  # Zoho
    "freshdesk_quote": _QUOTE,
    "missive_quote": _QUOTE,
    "front-blockquote": _QUOTE,
    "mail-quote-collapse": _QUOTE,  # mail.ru
    "messageReplySection": _QUOTE,  # Spark
    "edo-original": _QUOTE,  # Edison
    "isReplyContent": _QUOTE,  # NetEase
    "xm_mail_oringinal_describe": _HEADER_BELOW,  # QQ; spelled so
    "reply-intro": _QUOTE,  # Roundcube
    "airmail_on": _QUOTE,
    "OLK_SRC_BODY_SECTION": _HEADER_BELOW,  # Outlook 2011 for Mac
    "__QUOTED_TEXT__": _QUOTE,  # Zimbra
    "__HEADERS__": _HEADER_BELOW,
    "__DIVIDER__": _HEADER_BELOW,
    "zwchr": _HEADER_BELOW,
    "divRplyFwdMsg": _HEADER_BELOW,  # Outlook
    "OutlookMessageHeader": _HEADER_BELOW,
    "stopSpelling": _HEADER_BELOW,  # Hotmail
    "appendonsend": _HEADER_BELOW,
    "mail-editor-reference-message-container": _HEADER_BELOW,  # Outlook for iOS
    "ms-outlook-mobile-reference-message": _HEADER_BELOW,
    "_origMsg_": _HEADER_BELOW,  # BlackBerry
    "replySplit": _HEADER_BELOW,
    "gmail_signature": _SIGNATURE,
    "moz-signature": _SIGNATURE,
    "protonmail_signature_block": _SIGNATURE,
    "ms-outlook-mobile-signature": _SIGNATURE,
    "AppleMailSignature": _SIGNATURE,
    "lineBreakAtBeginningOfSignature": _SIGNATURE,
    "messageSignatureSection": _SIGNATURE,
    "composer_signature": _SIGNATURE,  # Samsung
    "yahoo-signature": _SIGNATURE,
    "edo-signature": _SIGNATURE,
    "__aliyun_signature_wrap": _SIGNATURE,
}
_SIGNATURE_ID = re.compile(r"""\bid\s*=\s*["']?(?:x_)*[Ss]ignature["'\s>]""")
_QUOTE_NAME = re.compile(r"""\bname\s*=\s*["']?quote["'\s>]""")  # GMX, WEB.DE
# The line above a header block in Outlook, Windows Mail and Foxmail.
_RULE_ABOVE = re.compile(
    r"border(?:-top)?:\s*none;\s*border-top:\s*solid #|border-top-style:\s*solid|"
    r"border-top:\s*(?:1|solid|\.)",
    re.IGNORECASE,
)
# An indent, not a quotation: Gmail's, Apple's and Outlook's editors make it of a blockquote.
_INDENT = re.compile(r"border(?:-width)?\s*:\s*(?:none|0)", re.IGNORECASE)
_CITED = re.compile(r"\btype\s*=|\bcite\s*=|quote", re.IGNORECASE)


def container_of(name: str, inside: str) -> Container | None:
    """Say what the opening tag `name` with the attributes `inside` announces."""
    for part, container in _NAMES.items():  # faster than one expression
        if part in inside:
            return container
    if name == "div":
        if "border-top" in inside and _RULE_ABOVE.search(inside):
            return _HEADER_BELOW
        if "ignature" in inside and _SIGNATURE_ID.search(inside + ">"):
            return _SIGNATURE
        if "quote" in inside and _QUOTE_NAME.search(inside + ">"):
            return _QUOTE
    return None


def is_indent(inside: str) -> bool:
    """Say whether a `blockquote` only indents what the sender wrote."""
    return bool(inside) and _INDENT.search(inside) is not None and not _CITED.search(inside)
