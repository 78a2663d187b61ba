"""A page to try subjects on: how one is read, who may do it, and on what proof."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.models import CallTemplate, RequestType
from mailcall.grammar import (
    DEFAULT,
    Command,
    HelpRow,
    Parsed,
    Words,
    automatic_subject,
    help_rows,
    parse,
    right_syntax,
)
from mailcall.inbound.commands.work import named
from mailcall.inbound.models import IncomingAccount
from mailcall.inbound.proofs import WANTED, level_of
from mailcall.web.access import analysts_only
from mailcall.web.paging import key_from

LONGEST = 998  # RFC 5322 2.1.1
_OWN = {"close", "reopen"}  # which Users may do with their own calls, on another proof


@dataclass(frozen=True, slots=True)
class HelpLine:
    """A command as a table shows it: in the account's words, with the proofs."""

    command: Command
    syntax: str
    further: Sequence[str]
    example: str
    proofs: Sequence[tuple[str, str]]


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """The form, what was typed into it as an account reads it, and all commands in that account's words."""
    subject = request.GET.get("subject", "")[:LONGEST]
    accounts = IncomingAccount.objects.select_related("template").defer("password")
    key = key_from(request.GET.get("account"))
    account = next((one for one in accounts if one.pk == key), None)
    words = account.command_words() if account else DEFAULT
    lines = [_line(row, account) for row in help_rows(words, subject)]
    context = {
        "subject": subject,
        "accounts": accounts,
        "account": account,
        "lines": lines,
        "tried": _tried(subject, account, words, lines) if subject.strip() else None,
    }
    return render(request, "web/subjects.html", context)


@dataclass(frozen=True, slots=True)
class Tried:
    """A subject as it is read; `line` is the command that it is."""

    parsed: Parsed
    verdict: str
    facts: Sequence[tuple[str, str]]
    line: HelpLine | None
    syntax: Sequence[str]


def _tried(subject: str, account: IncomingAccount | None, words: Words, lines: Sequence[HelpLine]) -> Tried:
    tags = account.gateway_tags.splitlines() if account else ()
    parsed = parse(subject, words, [tag.strip() for tag in tags if tag.strip()])
    line = next((one for one in lines if _is(one.command, parsed)), None) if parsed.is_command else None
    meant = parse(parsed.suggestion, words) if parsed.suggestion else parsed
    syntax = right_syntax(meant.action, words, subject) if parsed.action == "unknown" else ()
    return Tried(parsed, _verdict(parsed), _facts(parsed), line, syntax)


def _is(command: Command, parsed: Parsed) -> bool:
    objects = [name.removesuffix("S").lower() for name in command.objects]
    return command.action == parsed.action and (not objects or parsed.object in objects)


def _verdict(parsed: Parsed) -> str:
    if parsed.action == "unknown":
        return "A near miss: it is answered with the right spelling, and from a User it logs a call."
    if parsed.is_command:
        return "A command, if the mail is no forward and answers nothing of the same subject."
    if automatic_subject(parsed.text):
        return "Free text that looks automatic; an account can be set to reject it."
    why = ", since a forward is never a command" if parsed.forward else ""
    return f"Free text{why}: it logs a call, or updates the one that it belongs to."


def _facts(parsed: Parsed) -> list[tuple[str, str]]:
    found = [
        ("Action", "" if parsed.is_free_text or parsed.action == "unknown" else parsed.action),
        ("Object", parsed.object),
        ("Numbers", ", ".join(map(str, parsed.refs))),
        ("On", parsed.on),
        ("Template", _template(parsed)),
        ("Request type", _request_type(parsed)),
        ("To", _to(parsed)),
        ("Scope", parsed.scope.lower()),
        ("Token", "there is one" if parsed.token else ""),
        ("Text", parsed.text),
        ("Prefix", " and ".join(name for name in ("reply", "forward") if getattr(parsed, name))),
        ("Problem", parsed.problem),
        ("Suggestion", parsed.suggestion),
    ]
    return [(name, value) for name, value in found if value]


def _template(parsed: Parsed) -> str:
    """The template that LOG CALL names, if there is one; else its words are text."""
    if parsed.object != "call" or not parsed.name:
        return ""
    known = CallTemplate.objects.filter(name__iexact=parsed.name).first()
    return str(known) if known else ""


def _request_type(parsed: Parsed) -> str:
    if parsed.object != "request" or not parsed.name:
        return ""
    known = RequestType.objects.filter(name__iexact=parsed.name, active=True).first()
    return str(known) if known else f"{parsed.name}, which is none of this desk"


def _to(parsed: Parsed) -> str:
    """To whom it is forwarded, and why it can't be if they are nobody."""
    if not parsed.is_command or not parsed.target:
        return parsed.target
    try:
        group, analyst = named(parsed.target)
    except Refused as refused:
        return f"{parsed.target}: {refused}"
    return f"the group {group}" if group else str(analyst)


def _line(row: HelpRow, account: IncomingAccount | None) -> HelpLine:
    """With the least proofs, as (whose, proof)."""
    command = row.command
    proofs = account.proofs if account else {}
    name = command.action
    if name == "log":
        name = f"log {command.objects[0].lower()}"
    found = [("", name)]
    if name in _OWN:
        calls = "CALL" in command.objects
        found = [("a User's own call", f"{name} own"), ("all others", name)] if calls else found
    least = [(whose, WANTED[level_of(action, proofs)]) for whose, action in found]
    return HelpLine(command, row.syntax, row.further, row.example, least)
