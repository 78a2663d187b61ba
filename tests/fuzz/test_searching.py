"""The tools of the fuzzer: what they say of an input, and how they change and shrink it."""

import subprocess
from pathlib import Path

import pytest

from fuzz import examining, run
from fuzz.mutator import mutate
from fuzz.samples import MAILS
from fuzz.targets import TARGETS, Target


def fragile(raw: bytes) -> None:
    """A reader with a fault."""
    if b"x" in raw and b"y" in raw:
        raise ValueError("both")


def test_a_fault_is_named_by_its_kind_and_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TARGETS, "words", Target(fragile, "values"))
    assert examining.verdict("words", b"xy") == "ValueError in test_searching.py, fragile"
    assert examining.verdict("words", b"x") == ""


def test_what_takes_too_long_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "seconds_allowed", lambda size: 0.0)
    assert examining.verdict("words", b"x") == examining.SLOW


def test_a_find_is_made_as_small_as_it_can_be() -> None:
    long = b"a" * 500 + b"x" + b"b" * 300 + b"y" + b"c" * 77
    assert run.shrunk(long, lambda less: b"x" in less and b"y" in less) == b"xy"


def test_an_input_that_ends_or_hangs_whoever_reads_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.CompletedProcess([], -11, stdout="", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert run.examined("words", b"x", tmp_path) == "ends the process (-11)"

    def late(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired([], 20)

    monkeypatch.setattr(subprocess, "run", late)
    assert run.examined("words", b"x", tmp_path) == "hangs"


def test_the_same_number_gives_the_same_change_and_never_too_much() -> None:
    for number in range(200):
        changed = [
            mutate(MAILS[number % len(MAILS)], 500, number, lambda data, most: data[:most]) for _ in "12"
        ]
        assert changed[0] == changed[1]
        assert len(changed[0]) <= 500
