"""One mail as data: pure functions that never raise on bad mail and know no network and no database."""

from .addresses import parse_addresses
from .clean_html import CleanHtml, clean_html
from .composing import Draft, compose, needs_smtputf8
from .domains import ascii_domain, comparable, is_vouched_for, with_a_labels, without_detail
from .evidence import Evidence, Trust, sender_evidence
from .header_writing import BadAddress, BadHeader, address_ok, wire_address
from .html_text import html_to_text
from .mail import Attachment, Bounce, BouncedRecipient, Kind, Mail, Mailbox
from .quotes import split_reply
from .reading import read_mail
from .subjects import StrippedSubject, strip_prefixes
from .thread_ids import (
    Found,
    Target,
    body_marker,
    find_ours,
    make_token,
    message_id,
    own_target,
    read_token,
    reply_address,
    tags_in_subject,
    without_tags,
)

__all__ = [
    "Attachment",
    "BadAddress",
    "BadHeader",
    "Bounce",
    "BouncedRecipient",
    "CleanHtml",
    "Draft",
    "Evidence",
    "Found",
    "Kind",
    "Mail",
    "Mailbox",
    "StrippedSubject",
    "Target",
    "Trust",
    "address_ok",
    "ascii_domain",
    "body_marker",
    "clean_html",
    "comparable",
    "compose",
    "find_ours",
    "html_to_text",
    "is_vouched_for",
    "make_token",
    "message_id",
    "needs_smtputf8",
    "own_target",
    "parse_addresses",
    "read_mail",
    "read_token",
    "reply_address",
    "sender_evidence",
    "split_reply",
    "strip_prefixes",
    "tags_in_subject",
    "wire_address",
    "with_a_labels",
    "without_detail",
    "without_tags",
]
