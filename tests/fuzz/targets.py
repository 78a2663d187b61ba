"""What is fuzzed: functions that read what strangers send, each with what must hold whatever it reads."""

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser

from mailcall import grammar
from mailcall.cli.inspecting.job import json_line
from mailcall.message import clean_html, find_ours, html_to_text, parse_addresses
from mailcall.message.bounces import read_bounce
from mailcall.message.decoding import clean_value, decode_raw_value, decode_words
from mailcall.message.evidence import Trust, sender_evidence
from mailcall.message.inspection import inspect_mail
from mailcall.message.invitations import read_invitations
from mailcall.message.mime import parse
from mailcall.message.quotes import split_reply
from mailcall.message.reading import read_mail_strictly
from mailcall.message.subjects import MAX_SUBJECT
from mailcall.message.tnef import unpack_winmail

NOW = dt.datetime(2025, 11, 3, 10, 15, tzinfo=dt.UTC)
ED25519_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
RSA_KEY = (
    "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOC"
    "KG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToI"
    "MmPSPDdQPNUYckcQ2QIDAQAB"
)
ALL_WORDS = grammar.Words.of(languages=grammar.LANGUAGES)
_GUARDED = 20_000  # bytes
_MOST_CLEAN, _MOST_CLEAN_PER_BYTE = 200_000, 20  # characters
TRUST = Trust(
    hosts=frozenset({"mx.example.com", "-", ".inside.example.com", "192.0.2.0/24"}),
    sealers=frozenset({"example.com", "lists.example.org"}),
    internal_marker=("X-Internal", "yes"),
    own_addresses=frozenset({"support@example.com"}),
)


def read_whole_mail(raw: bytes) -> None:
    """Read a mail as the service and `mailcall inspect` do."""
    mail = read_mail_strictly(raw)
    values = {"file": "x", **inspect_mail(mail)}
    line = json_line(values)
    assert json.loads(line)["kind"] == mail.kind.value
    assert len(line.decode().splitlines()) == 1
    find_ours(mail, [bytes(32)])


def judge_sender(raw: bytes) -> None:
    """Gather the evidence of a mail: results of trusted hosts, DKIM, ARC, the gateway's marker."""
    evidence = sender_evidence(read_mail_strictly(raw), TRUST, raw, _keys, NOW)
    assert not (evidence.authenticated and evidence.problem)
    json.dumps(evidence.as_dict())


def _keys(name: str) -> str:
    return ED25519_KEY if "ed" in name else RSA_KEY


def read_addresses(raw: bytes) -> None:
    """Read an address list; no address can break out of a header."""
    for box in parse_addresses(clean_value(decode_raw_value(raw))):
        assert not re.search(r"[\r\n\0]", box.name + box.address)


def read_words(raw: bytes) -> None:
    """Decode the value of a header field."""
    assert "\n" not in decode_words(clean_value(decode_raw_value(raw)))


def read_subject(raw: bytes) -> None:
    """Read a subject as a command, in all languages; what is suggested for a near miss is a command."""
    subject = raw.decode("utf-8", "replace")
    parsed = grammar.parse(subject, ALL_WORDS, ["[EXT]"])
    json.dumps(parsed.as_dict())
    assert (parsed.action == "unknown") == bool(parsed.suggestion)
    if parsed.is_command:
        written = grammar.write_subject(parsed, ALL_WORDS)
        assert len(written) > MAX_SUBJECT or grammar.parse(written, ALL_WORDS).action == parsed.action
    assert not (parsed.forward and parsed.is_command)
    grammar.automatic_subject(subject)
    grammar.decision_line(subject, ALL_WORDS)


def split_new_from_quoted(raw: bytes) -> None:
    """Split a text into what is new and what is quoted."""
    split_reply(raw.decode("utf-8", "replace"))


def read_markup(raw: bytes) -> None:
    """Make text of HTML."""
    html_to_text(raw.decode("utf-8", "replace"))


def clean_markup(raw: bytes) -> None:
    """Clean HTML; what is left can neither run, nor load, nor send anything."""
    cleaned = clean_html(raw.decode("utf-8", "replace"), cid={"a": "data:image/png;base64,AA=="})
    assert len(cleaned.html) <= _MOST_CLEAN + _MOST_CLEAN_PER_BYTE * len(raw)
    if len(raw) <= _GUARDED:  # the guard is slower than what it guards
        _Guard().feed(cleaned.html)


class _Guard(HTMLParser):
    """Fails at markup that a page must not hold."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "link",
            "meta",
            "base",
            "svg",
        }
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} {name}"
            scheme = re.sub(r"[\s\0-\x20]", "", value or "").lower()
            assert not scheme.startswith(("javascript:", "vbscript:")), f"{tag} {name}={value}"
            if name in {"src", "background", "srcset"}:
                assert scheme.startswith(("data:image/", "cid:")), f"{tag} {name}={value}"
            if name == "style":
                assert not re.search(r"url\([\"']?+(?!data:image/)|expression\(|@import|position:", scheme)


def unpack(raw: bytes) -> None:
    """Unpack a winmail.dat."""
    unpack_winmail(raw)


def read_calendar(raw: bytes) -> None:
    """Read the events of a calendar."""
    read_invitations(raw.decode("utf-8", "replace"))


def read_report(raw: bytes) -> None:
    """Read any mail as if it were a delivery report."""
    read_bounce(parse(raw, []))


@dataclass(frozen=True)
class Target:
    """A function under test, and which samples it starts from."""

    run: Callable[[bytes], None]
    samples: str


TARGETS = {
    "mail": Target(read_whole_mail, "mails"),
    "sender": Target(judge_sender, "mails"),
    "report": Target(read_report, "mails"),
    "addresses": Target(read_addresses, "values"),
    "words": Target(read_words, "values"),
    "subject": Target(read_subject, "subjects"),
    "quotes": Target(split_new_from_quoted, "texts"),
    "text-of-html": Target(read_markup, "markup"),
    "clean-html": Target(clean_markup, "markup"),
    "winmail": Target(unpack, "winmail"),
    "calendar": Target(read_calendar, "calendars"),
}
