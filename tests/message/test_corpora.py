"""How we do on mail that nobody here wrote; floors, so that a change for the worse is seen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailcall.message import Kind, html_to_text, split_reply
from mailcall.message.reading import read_mail_strictly

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is not beside this checkout")


def _cases(view: str, unsound: str) -> Iterator[dict[str, Any]]:
    left_out = json.loads((CORPORA / "unsound.json").read_text())[unsound]
    for line in (CORPORA / "_views" / view).read_text().splitlines():
        case = json.loads(line)
        unclear = left_out.get(case["case"], {})
        if isinstance(unclear, dict):
            yield {name: value for name, value in case.items() if name not in unclear}


def _words(text: str, compare: str) -> str:
    return (
        "".join(text.split())
        if "all whitespace" in compare
        else "\n".join(map(str.rstrip, text.strip().splitlines()))
    )


def _new_text(raw: bytes, form: str) -> str:
    if form.startswith("MIME"):
        return read_mail_strictly(raw).reply_text
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    return split_reply(html_to_text(text) if form.startswith("HTML") else text)[0]


def test_new_text_is_found_in_nine_of_ten_replies() -> None:
    right = total = 0
    for case in _cases("reply_extraction.jsonl", "reply"):
        got = _new_text((CORPORA / case["corpus"] / case["file"]).read_bytes(), case["input"])
        total += 1
        right += _words(got, case["compare"]) == _words(case["reply_text"], case["compare"])
    assert right / total >= 0.90


def test_bounces_and_automatic_replies_are_known_and_no_person_is_taken_for_one() -> None:
    right = total = permanent = judged = named = listed = 0
    for case in _cases("bounce_autoreply.jsonl", "class"):
        mail = read_mail_strictly((CORPORA / case["corpus"] / case["file"]).read_bytes())
        total += 1
        right += mail.kind.value == case["class"]
        if case["class"] == "normal":
            assert mail.kind is Kind.NORMAL, case["case"]
        if "permanent" in case and mail.bounce:
            judged += 1
            permanent += mail.bounce.permanent == case["permanent"]
        if "recipients" in case and mail.bounce:
            listed += 1
            found = {recipient.address.lower() for recipient in mail.bounce.recipients} - {""}
            named += found == {address.lower() for address in case["recipients"]}
    assert right / total >= 0.98
    assert permanent / judged >= 0.98
    assert named / listed >= 0.97
