"""How our own mails are known again, and by nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import (
    Found,
    Mail,
    Mailbox,
    Target,
    body_marker,
    find_ours,
    make_token,
    message_id,
    own_target,
    read_token,
    reply_address,
    tags_in_subject,
)

KEYS = [b"new key", b"old key"]
TARGETS = st.builds(
    Target, st.sampled_from(["call", "request", "task", "round trip"]), st.integers(1, 10**15 - 1)
)


@given(TARGETS)
def test_a_token_reads_back_in_any_case_and_with_any_of_the_keys(target: Target) -> None:
    token = make_token(target, KEYS[1:])
    assert read_token(token.upper(), KEYS) == target
    assert read_token(token, KEYS[:1]) is None


@given(TARGETS, st.integers(0, 200), st.characters())
def test_a_changed_token_is_nobodys(target: Target, place: int, character: str) -> None:
    token = make_token(target, KEYS)
    place %= len(token)
    forged = token[:place] + character + token[place + 1 :]
    assert read_token(forged, KEYS) is None or forged.lower() == token


@given(st.text())
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert read_token(text, KEYS) is None


def test_a_token_in_its_four_places_finds_its_target_strongest_first() -> None:
    tokens = {kind: make_token(Target(kind, 7), KEYS) for kind in ("call", "request", "task")}
    mail = Mail(
        in_reply_to=(message_id(tokens["task"], "x.example"),),
        to=(Mailbox("", reply_address("desk@x.example", tokens["request"]).upper()),),
        text=f"old: {body_marker(tokens['call'])} {body_marker(tokens['task'])}",
    )
    assert find_ours(mail, KEYS) == [
        Found(Target("task", 7), "In-Reply-To"),
        Found(Target("request", 7), "address"),
        Found(Target("call", 7), "body"),
    ]
    assert find_ours(mail, [b"another desk"]) == []


def test_our_own_mail_come_back_is_known() -> None:
    for target in (Target("call", 1), Target("round trip", 2)):
        assert own_target(Mail(message_id=message_id(make_token(target, KEYS), "x.example")), KEYS) == target
    assert not own_target(Mail(message_id="<mc.c1.aaaaaaaa.aaaaaaaaaaaaaaaa@x.example>"), KEYS)


def test_what_no_token_can_hold_is_refused() -> None:
    for target in (Target("call", 0), Target("call", 10**15), Target("person", 1)):
        with pytest.raises(ValueError, match="no token"):
            make_token(target, KEYS)
    with pytest.raises(ValueError, match="room"):
        reply_address("a" * 40 + "@x.example", make_token(Target("call", 1), KEYS))


def test_subject_tags() -> None:
    assert tags_in_subject(
        "Re: [Call 1042] x [request #77][TASK 9] [call 0] [Call 99999999999999999999]"
    ) == [
        Target("call", 1042),
        Target("request", 77),
        Target("task", 9),
    ]
