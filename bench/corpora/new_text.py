"""How right new text, quotes and signatures are told apart, beside four libraries that do nothing else."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mailcall.message import html_to_text
from mailcall.message.html_text import MarkedText, read_html
from mailcall.message.mail import PieceKind
from mailcall.message.quotes import joined, split_text
from mailcall.message.reading import read_mail_strictly

from .compared import NOT_MEASURED, measured, run
from .report import CORPORA, Miss, Report, Row

OURS = "Mailcall"
EXACT, RULES, SIGNATURES = "new text, exact", "rules of mail-parser-reply", "talon's signatures"
MEASURES = (EXACT, RULES, SIGNATURES)

KINDS = {
    "talon-std-iphone": "signature kept",
    "talon-std-sparrow": "signature kept",
    "mpr-test_hyphen_signature": "name behind a hyphen",
    "mpr-test_simple_quoted_body": "name behind a hyphen",
    "mpr-test_swedish_simple_body": "quote not counted",
    "talon-sig-jeff": "signature without a sign",
    "talon-sig-johndoeexamplecom": "signature without a sign",
    "talon-sig-long": "signature without a sign",
    "talon-sig-short_url": "signature without a sign",
    "talon-sig-sparse": "signature without a sign",
    "mpr-test_gmail_header": "rule kept",
    "mpr-test_dutch_gmail_header": "rule kept",
}
EXPLANATIONS = {
    "signature kept": "talon keeps the signature in the new text, as it has another function for it; two "
    "others expect it apart, and so does a person at a desk. It is a piece of its own here.",
    "name behind a hyphen": "`-Ann` below a text: one project calls it the signature, two keep it in the "
    "text (of the same mail). A line with a hyphen may be the last of a list, so it stays.",
    "quote not counted": "The project counts one mail, where `Den fre 28 feb. 2025 ... skrev:` and marked "
    "lines quote a second.",
    "signature without a sign": "No `-- `, no closing, only a name: talon knows the sender's name and asks "
    "a trained classifier. Folding a last line that is an answer would be worse than showing a name.",
    "rule kept": "The rule above a quoted header block: the project leaves it in the text, here it belongs "
    "to the quote.",
}


@dataclass
class Case:
    """One expectation: `want` is the new text, or for rules a list of them with the number of replies."""

    id: str
    measure: str
    made: MarkedText
    html: str = ""
    want: str = ""
    ignore_blanks: bool = False
    rules: list[dict[str, Any]] = field(default_factory=list)
    replies: int = 0


@dataclass
class Found:
    """What was found: `signature` is None where a library tells none apart."""

    new: str
    signature: str | None
    quoted: bool


def score() -> Report:
    """Score our own reading and, where `scripts/compared` was run, those of the libraries."""
    cases = list(_cases())
    report = Report("New text", explanations=EXPLANATIONS)
    found, ours = _our_findings(cases)
    _add(report, OURS, cases, found)
    report.figures.append(f"{OURS}: {ours:.3f} ms a mail")
    for case in cases:
        if not _right(case, found[case.id]):
            kind = KINDS.get(case.id, "not explained")
            report.misses.append(Miss(case.id, kind, case.want or str(case.rules), found[case.id].new))
    if not measured():
        report.notes.append(NOT_MEASURED)
        return report
    for who, (theirs, milliseconds) in _their_findings(cases).items():
        _add(report, who, cases, theirs)
        report.figures.append(f"{who}: {milliseconds:.3f} ms a mail")
    report.notes.append(
        "Empty: cases in which nothing was given as new though something is expected. The libraries are "
        "asked as their own documentation shows; those that read no HTML got the text that we make of it, "
        "those that tell no signatures apart are not asked for them."
    )
    return report


def _add(report: Report, who: str, cases: list[Case], found: dict[str, Found]) -> None:
    for measure in MEASURES:
        of = [case for case in cases if case.measure == measure]
        report.rows.append(Row(measure, who, sum(_right(case, found[case.id]) for case in of), len(of)))
    right = sum(_right(case, found[case.id]) for case in cases)
    report.rows.append(Row("all", who, right, len(cases)))
    expected = [case for case in cases if case.want.strip()]
    report.rows.append(
        Row("empty", who, sum(not found[case.id].new.strip() for case in expected), len(expected))
    )


def _cases() -> Iterator[Case]:
    unsound = json.loads((CORPORA / "unsound.json").read_text())["reply"]
    for case in _lines("_views/reply_extraction.jsonl"):
        if case["case"] in unsound:
            continue
        raw = (CORPORA / case["corpus"] / case["file"]).read_bytes()
        html = ""
        if case["input"].startswith("MIME"):
            made = MarkedText(read_mail_strictly(raw).text)
        else:
            text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
            html = text if case["input"].startswith("HTML") else ""
            made = read_html(html) if html else MarkedText(text)
        blanks = "all whitespace" in case["compare"]
        yield Case(case["case"], EXACT, made, html, case["reply_text"], ignore_blanks=blanks)
    for case in _lines("mail-parser-reply/cases.jsonl"):
        text = (CORPORA / "mail-parser-reply" / case["file"]).read_text(errors="replace")
        expect = case["expect"]
        yield Case(case["id"], RULES, MarkedText(text), rules=expect["rules"], replies=expect["reply_count"])
    for case in _lines("mailgun-talon/cases.jsonl"):
        if "text_without_signature" in case["expect"]:
            text = (CORPORA / "mailgun-talon" / case["file"]).read_text(errors="replace")
            yield Case(
                case["id"], SIGNATURES, MarkedText(text), want=case["expect"]["text_without_signature"]
            )


def _lines(path: str) -> Iterator[dict[str, Any]]:
    for line in (CORPORA / path).read_text().splitlines():
        yield json.loads(line)


def _our_findings(cases: list[Case]) -> tuple[dict[str, Found], float]:
    start = time.process_time()
    split = {case.id: split_text(case.made.text, case.made.marks) for case in cases}
    milliseconds = (time.process_time() - start) * 1_000 / len(cases)
    found = {
        id_: Found(
            joined(pieces, PieceKind.NEW),
            joined(pieces, PieceKind.SIGNATURE),
            quoted=any(piece.kind is PieceKind.QUOTE for piece in pieces),
        )
        for id_, pieces in split.items()
    }
    return found, milliseconds


def _their_findings(cases: list[Case]) -> dict[str, tuple[dict[str, Found], float]]:
    jobs = [{"id": case.id, "text": case.made.text, "html": case.html} for case in cases]
    texts = {case.id: case.made.text for case in cases}
    findings = {}
    for who, answer in run("new_text_others.py", jobs).items():
        found = {}
        for id_, given in answer["found"].items():
            new = html_to_text(given["html"]) if "html" in given else given["text"]
            signature = given.get("signature")
            rest = "".join(texts[id_].split()).replace("".join(new.split()), "", 1)
            quoted = bool(rest.replace("".join((signature or "").split()), "", 1))
            found[id_] = Found(new, signature, quoted=quoted)
        findings[who] = found, answer["milliseconds"]
    return findings


def _right(case: Case, found: Found) -> bool:
    if case.measure == RULES:
        counted = (case.replies > 1) == found.quoted
        return counted and all(_holds(rule, case.made.text, found) for rule in case.rules)
    if case.ignore_blanks:
        return "".join(found.new.split()) == "".join(case.want.split())
    return _normal(found.new) == _normal(case.want)


def _normal(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _holds(rule: dict[str, Any], text: str, found: Found) -> bool:
    """Judge a rule: reply 0 is what is new and its signature, the others are what is quoted."""
    value, part = _normal(str(rule["value"])), rule["part"]
    if rule["reply"] > 0:
        # Where in the quotation it stands is not asked: nobody but that project numbers quoted mails.
        if rule["op"] == "not_contains":
            return True
        left = Counter(_normal(text).split("\n")) - Counter(_normal(found.new).split("\n"))
        return all(any(line in rest for rest in left) for line in value.split("\n"))
    if part == "signatures" and found.signature is None:
        return True
    part_of = {"body": found.new, "signatures": found.signature or "", "content": text}
    got = _normal(part_of[part])
    if rule["op"] == "equals":
        return got == value
    return (value in got) is (rule["op"] == "contains")
