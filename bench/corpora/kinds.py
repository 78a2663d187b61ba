"""Scores the kind of a mail and what a bounce says, beside flufl.bounce."""

import email
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any

from mailcall.message import Kind, read_mail
from mailcall.message.mail import Bounce, Mail

from .compared import NOT_MEASURED, measured, run
from .report import CORPORA, Miss, Report, Row

US, FLUFL = "Mailcall", "flufl.bounce"
# Sisimai gives a status of its own where the mail has none: its subject 0 and a detail from 900 on.
_MADE_UP = re.compile(r"[45]\.0\.9\d\d\Z")
_NO_BOUNCE = Bounce((), "")

_NO_BOUNCE_SEEN = "a bounce by its label, not by our reading"
_PERMANENCE, _RECIPIENTS, _STATUS = "permanence", "recipients", "status"
_COUNT, _ORIGINAL, _HEADER = "number of recipients", "original Message-ID", "one header, judged alone"
EXPLANATIONS = {
    _NO_BOUNCE_SEEN: (
        "Two of flufl.bounce's test mails are a guest's inquiry and an automatic reply that its detectors"
        " must not trip over; the labels took them for bounces. The other tells of a failure in words "
        "alone, from an address like anybody's: a person who pastes a report writes the same, and a lost "
        "request is worse than a report that was logged as a call."
    ),
    _PERMANENCE: (
        "The mail has a status of class 4 and the system gave up: by RFC 3463 another attempt may "
        "succeed. flufl.bounce calls every failure permanent that is not a mere warning; Sisimai goes by "
        "the class, as we do."
    ),
    _RECIPIENTS: (
        "A second address that the reason names beside the one that was written to; names without a "
        "domain that flufl.bounce completes by guessing two; and the report in words alone that we took "
        "for a person's."
    ),
    _STATUS: (
        "Status and Diagnostic-Code differ, and we give the Status, the field for it (RFC 3464 2.3.4); "
        "Sisimai prefers what the remote server said. The diagnostic stands beside it."
    ),
    _COUNT: "The same as for recipients.",
    _ORIGINAL: "The standard library finds one in the returned part that we do not.",
    _HEADER: (
        "osTicket takes a mail for a bounce by an empty Return-Path or a subject alone, and for an "
        "automatic reply by Auto-Submitted: auto-generated. Exchange empties the Return-Path of people's "
        "mail that a rule passes on; people write such subjects; and what is generated (alarms, tickets) "
        "is no reply (RFC 3834 5): it logs a call and gets no answer."
    ),
}


@dataclass(frozen=True)
class Case:
    """One labelled mail, what we read, and what flufl.bounce did."""

    name: str
    label: dict[str, Any]
    raw: bytes
    mail: Mail
    flufl: dict[str, list[str]]

    @property
    def bounce(self) -> Bounce:
        """What we read of a report; nothing where we saw none."""
        return self.mail.bounce or _NO_BOUNCE


def score() -> Report:
    """Score kinds, permanence, recipients, statuses and original mails, and headers alone."""
    report = Report("Kinds of mail, and bounces", explanations=EXPLANATIONS)
    cases = list(_cases())
    for measure in (_kinds, _permanence, _recipients, _statuses, _counts, _originals):
        measure(report, cases)
    _headers_alone(report)
    if not measured():
        report.rows = [row for row in report.rows if row.who == US]
        report.notes.append(NOT_MEASURED)
    report.notes.append(
        "The labels are those of Sisimai and flufl.bounce; recipients are labelled by flufl.bounce alone, on "
        "its own test mails. It gives addresses, permanent or temporary: a mail in which it finds any is a "
        "bounce to it. Statuses that Sisimai made up (5.0.9xx) are left out."
    )
    return report


def _cases() -> Iterator[Case]:
    unsound = json.loads((CORPORA / "unsound.json").read_text())["class"]
    lines = (CORPORA / "_views" / "bounce_autoreply.jsonl").read_text().splitlines()
    labels = [json.loads(line) for line in lines]
    paths = [CORPORA / label["corpus"] / label["file"] for label in labels]
    nothing: dict[str, list[str]] = {"permanent": [], "temporary": []}
    found = run("flufl_reader.py", list(map(str, paths))) if measured() else [nothing] * len(paths)
    for label, path, flufl in zip(labels, paths, found, strict=True):
        sound = {name: value for name, value in label.items() if name not in unsound.get(label["case"], {})}
        raw = path.read_bytes()
        yield Case(label["case"], sound, raw, read_mail(raw), flufl)


def _row(report: Report, measure: str, who: str, answers: list[bool]) -> None:
    report.rows.append(Row(measure, who, sum(answers), len(answers)))


def _kinds(report: Report, cases: list[Case]) -> None:
    for kind in dict.fromkeys(case.label["class"] for case in cases):
        of_kind = [case for case in cases if case.label["class"] == kind]
        _row(report, f"kind: {kind}", US, [case.mail.kind == kind for case in of_kind])
        if kind in {Kind.BOUNCE, Kind.NORMAL, Kind.AUTO_REPLY}:
            seen = [any(case.flufl.values()) == (kind == Kind.BOUNCE) for case in of_kind]
            _row(report, f"kind: {kind}", FLUFL, seen)
        for case in of_kind:
            if case.mail.kind != kind:
                why = _NO_BOUNCE_SEEN if kind == Kind.BOUNCE else f"kind: {kind}"
                report.misses.append(Miss(case.name, why, kind, case.mail.kind))


def _permanence(report: Report, cases: list[Case]) -> None:
    judged = [case for case in cases if "permanent" in case.label]
    for who, answer in (
        (US, lambda case: case.bounce.permanent),
        (FLUFL, lambda case: bool(case.flufl["permanent"])),
    ):
        _row(report, "permanent or not", who, [answer(case) == case.label["permanent"] for case in judged])
    report.misses += (
        Miss(case.name, _PERMANENCE, str(case.label["permanent"]), str(case.bounce.permanent))
        for case in judged
        if case.bounce.permanent != case.label["permanent"] and case.mail.bounce
    )


def _recipients(report: Report, cases: list[Case]) -> None:
    judged = [case for case in cases if "recipients" in case.label]
    wanted = {case.name: sorted(address.lower() for address in case.label["recipients"]) for case in judged}
    ours = {case.name: _addresses(case) for case in judged}
    theirs = {case.name: sorted({*case.flufl["permanent"], *case.flufl["temporary"]}) for case in judged}
    for who, found in ((US, ours), (FLUFL, theirs)):
        _row(report, "recipients, all of them", who, [found[name] == wanted[name] for name in wanted])
    report.misses += (
        Miss(name, _RECIPIENTS, ", ".join(wanted[name]), ", ".join(ours[name]))
        for name in wanted
        if ours[name] != wanted[name]
    )


def _addresses(case: Case) -> list[str]:
    return sorted({recipient.address.lower() for recipient in case.bounce.recipients if recipient.address})


def _statuses(report: Report, cases: list[Case]) -> None:
    answers = []
    for case in cases:
        wanted = {status for status in case.label.get("statuses", ()) if not _MADE_UP.match(status)}
        if not wanted or len(wanted) < len(set(case.label["statuses"])) or case.label["class"] != Kind.BOUNCE:
            continue
        got = {recipient.status for recipient in case.bounce.recipients}
        answers.append(got == wanted)
        if got != wanted:
            report.misses.append(Miss(case.name, _STATUS, ", ".join(sorted(wanted)), ", ".join(sorted(got))))
    _row(report, "statuses (RFC 3463), where the mail has any", US, answers)


def _counts(report: Report, cases: list[Case]) -> None:
    lines = (CORPORA / "sisimai-bounces" / "cases.jsonl").read_text().splitlines()
    wanted = {case["id"]: case["expect"].get("recipients_count") for case in map(json.loads, lines)}
    answers = []
    for case in cases:
        count = wanted.get(case.name)
        if not count or case.label["class"] != Kind.BOUNCE:
            continue
        got = len({recipient.address for recipient in case.bounce.recipients})
        answers.append(got == count)
        if got != count:
            report.misses.append(Miss(case.name, _COUNT, str(count), str(got)))
    _row(report, "number of recipients", US, answers)


def _originals(report: Report, cases: list[Case]) -> None:
    """Compare with the Message-ID that the standard library finds in the returned part."""
    answers = []
    for case in cases:
        wanted = (
            _returned_id(email.message_from_bytes(case.raw)) if case.label["class"] == Kind.BOUNCE else ""
        )
        if wanted:
            got = case.bounce.original_message_id
            answers.append(got == wanted)
            if got != wanted:
                report.misses.append(Miss(case.name, _ORIGINAL, wanted, got))
    _row(report, "original Message-ID, where a part gives it back", US, answers)


def _returned_id(message: Message) -> str:
    for part in message.walk():
        if part is message:
            continue
        inner = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(inner, list):
            header = inner[0]
        elif part.get_content_type() == "text/rfc822-headers" and isinstance(inner, str):
            header = email.message_from_string(inner)
        else:
            continue
        found = re.search(r"<[^<>\s]+>", str(header.get("message-id", "")))
        return found[0] if found else ""
    return ""


def _headers_alone(report: Report) -> None:
    answers: Counter[bool] = Counter()
    for line in (CORPORA / "header-rules" / "cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        wanted = Kind.BOUNCE if "is_bounce" in case["expect"] else Kind.AUTO_REPLY
        got = read_mail(f"{case['header']}\n\nHello\n".encode()).kind
        answers[got is wanted] += 1
        if got is not wanted:
            report.misses.append(Miss(case["id"], _HEADER, wanted, f"{got}: {case['header']}"))
    report.rows.append(Row("kind, by one header alone (osTicket)", US, answers[True], answers.total()))
