"""How the pages write moments, states, sizes and addresses."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_info

from mailcall.desk.models import Call
from mailcall.desk.state_names import StateNames
from mailcall.outbound.template_map import name_of

register = template.Library()

BADGES = {
    # calls
    "open": "accent",
    "resolved": "good",
    "unresolved": "warn",
    "closed": "quiet",
    "closed_unresolved": "quiet",
    "suspended": "warn",
    # requests, tasks, approvals; a task that waits for others is quiet
    "approved": "good",
    "waiting": "quiet",
    "skipped": "quiet",
    # received mails
    "new": "accent",
    "done": "good",
    "held": "bad",
    "logged": "good",
    "updated": "good",
    "rejected": "warn",
    "duplicate": "quiet",
    "discarded": "quiet",
    # deliveries
    "queued": "accent",
    "sending": "accent",
    "sent": "good",
    "bounced": "bad",
    "deferred": "warn",
    "failed": "bad",
    "unknown": "warn",
    "withheld": "warn",
    "cancelled": "quiet",
}


@register.simple_tag
def badge(state: str, label: str) -> SafeString:
    """A state as a coloured word."""
    return format_html('<span class="badge {}">{}</span>', BADGES.get(state, "quiet"), label)


@register.simple_tag(takes_context=True)
def state_name(context: template.Context, call: Call) -> str:
    """What the state of a call is called in its partition."""
    names: StateNames = context["state_names"]
    return names.of(call)


@register.simple_tag(takes_context=True)
def call_badge(context: template.Context, call: Call) -> SafeString:
    """The state of a call as a coloured word; and whether it rests."""
    found = badge(call.state, state_name(context, call))
    if not call.pause:
        return found
    return format_html("{} {}", found, badge(call.pause, call.get_pause_display()))


@register.filter
def moment(value: dt.datetime | None) -> str | SafeString:
    """How long ago (or until when), with the exact time as title. The script keeps it fresh."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{date_format(local, 'j F Y, H:i:s')} {local.tzname()}",
        relative(value, timezone.now()),
    )


def relative(value: dt.datetime, now: dt.datetime) -> str:
    """Such as "3 min ago", "in 2 h", or the date when it is more than a week away."""
    seconds = (now - value).total_seconds()
    size = abs(seconds)
    if size < 45:
        return "just now" if seconds >= 0 else "in a moment"
    for limit, unit, name in ((3_600, 60, "min"), (86_400, 3_600, "h"), (7 * 86_400, 86_400, "d")):
        if size < limit:
            count = max(1, int(size // unit))
            return f"{count} {name} ago" if seconds > 0 else f"in {count} {name}"
    return date_format(timezone.localtime(value), "j M Y")


@register.filter
def mailbox(pair: Sequence[str]) -> str:
    """A [name, address] pair for people."""
    name, address = (*pair, "")[:2] if len(pair) < 2 else pair[:2]
    return f"{name} <{address}>" if name and address else name or address


@register.filter
def mailboxes(pairs: Iterable[Sequence[str]]) -> str:
    """Several pairs."""
    return ", ".join(mailbox(pair) for pair in pairs)


@register.filter
def type_name(code: int) -> str:
    """A message type's name."""
    return name_of(code)


@register.filter
def words(name: object) -> str:
    """A key of journalled data, such as `from_address`, for people."""
    return str(name).replace("_", " ").capitalize()


@register.filter
def plainly(value: object) -> str:
    """Any journalled value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {plainly(part)}" for key, part in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(plainly(part) for part in value) or "none"
    return "none" if value is None or value == "" else str(value)


@register.filter
def parts(value: object) -> Sequence[object]:
    """The items of a journalled list, one at least; of anything else itself."""
    return value or [""] if isinstance(value, list) else [value]


@register.filter
def name_part(actor: str) -> str:
    """The name in "Name <address>"; the address where there is no name."""
    return actor.partition(" <")[0] if actor.endswith(">") else actor


@register.filter
def address_part(actor: str) -> str:
    """The address in "Name <address>", if both are there."""
    return actor.partition(" <")[2].removesuffix(">") if actor.endswith(">") else ""


@register.filter
def adds_to(subject: str, known: str) -> bool:
    """Whether a mail's subject says more than that of its call."""
    return bool(subject) and known.strip() not in subject


@register.filter
def initial(name: str) -> str:
    """The letter that stands for somebody."""
    return next((letter.upper() for letter in name if letter.isalnum()), "?")


@register.filter
def breaks_at(text: str) -> SafeString:
    """Addresses that break behind their @ where a line has no room for the whole, sooner than in a word."""
    return mark_safe(conditional_escape(text).replace("@", "@<wbr>"))  # noqa: S308 - escaped just here


@register.filter
def language_name(tag: str) -> str:
    """What a language is called in English, with its tag: `German (de)`; a tag that nobody named as it is."""
    try:
        return f"{get_language_info(tag.lower())['name']} ({tag})" if tag else ""
    except KeyError:
        return tag
