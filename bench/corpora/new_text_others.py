"""Runs in the environment of `scripts/compared`: gives what other libraries find to be new in each text.

Reads a JSON list of {"id", "text", "html"}, and writes {library: {"milliseconds", "found": {id: ...}}}. What
is found has "text" or "html", and "signature" where the library tells one apart.
"""

import json
import logging
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

import email_reply_parser
import quotequail
import talon
from mailparser_reply import EmailReplyParser
from mailparser_reply.constants import MAIL_LANGUAGES
from talon import quotations

Found = dict[str, str]


def _talon(text: str, html: str) -> Found:
    return (
        {"html": quotations.extract_from_html(html)}
        if html
        else {"text": quotations.extract_from_plain(text)}
    )


def _talon_with_signatures(text: str, html: str) -> Found:
    found = _talon(text, html)
    if html:
        return found
    new, signature = _bruteforce(found["text"])
    return {"text": new, "signature": signature or ""}


def _email_reply_parser(text: str, html: str) -> Found:
    message = email_reply_parser.EmailReplyParser.read(text)
    signatures = [part.content for part in message.fragments if part.signature and not part.quoted]
    return {"text": message.reply, "signature": "\n".join(signatures)}


def _mail_parser_reply(text: str, html: str) -> Found:
    first = EmailReplyParser(languages=list(MAIL_LANGUAGES)).read(text).replies[0]
    return {"text": first.body, "signature": first.signatures or ""}


def _quotequail(text: str, html: str) -> Found:
    if html:
        found = quotequail.unwrap_html(html)
        return {"html": html if found is None else found.get("html_top", "") + found.get("html_bottom", "")}
    found = quotequail.unwrap(text)
    return {"text": text if found is None else f"{found.get('text_top', '')}\n{found.get('text_bottom', '')}"}


def _load_bruteforce() -> Callable[[str], tuple[str, str | None]]:
    """Load the part of talon's signatures that needs no classifier: its package would import numpy."""
    package = types.ModuleType("talon.signature")
    package.__path__ = [str(Path(talon.__file__).parent / "signature")]
    sys.modules["talon.signature"] = package
    from talon.signature import bruteforce

    return bruteforce.extract_signature  # type: ignore[no-any-return]


_bruteforce = _load_bruteforce()
LIBRARIES: dict[str, Callable[[str, str], Found]] = {
    "talon": _talon,
    "talon with signatures": _talon_with_signatures,
    "email-reply-parser": _email_reply_parser,
    "mail-parser-reply": _mail_parser_reply,
    "quotequail": _quotequail,
}


def _run(job: dict[str, str], library: Callable[[str, str], Found]) -> Found:
    try:
        return library(job["text"], job["html"])
    except Exception as error:  # noqa: BLE001 - what a library can't read it has not got right
        return {"text": "", "error": type(error).__name__}


def main() -> None:
    """Ask each library for each text."""
    logging.disable()
    jobs = json.load(sys.stdin)
    answers = {}
    for name, library in LIBRARIES.items():
        for job in jobs[:3]:
            _run(job, library)  # compiles its expressions
        start = time.process_time()
        found = {job["id"]: _run(job, library) for job in jobs}
        milliseconds = (time.process_time() - start) * 1_000 / max(1, len(jobs))
        answers[name] = {"milliseconds": milliseconds, "found": found}
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
