"""The checks: all of them run, and the summary names those that failed."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from .conftest import ROOT


@pytest.fixture
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("checks_of_the_project", ROOT / "scripts" / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_check_that_fails_does_not_stop_the_others(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "BIN", Path("/usr/bin"))
    checks = [check.Check("words", "env false"), check.Check("docs", "env true", lint=False)]
    monkeypatch.setattr(check, "CHECKS", checks)
    assert check.main(only_lint=False) == 1
    said = capsys.readouterr().out
    assert "== words: FAILED, " in said
    assert "== docs: passed, " in said
    assert said.endswith("== Checks: 1 of 2 failed: words\n")


def test_a_failed_check_shows_what_it_wrote(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "BIN", Path("/usr/bin"))
    monkeypatch.setattr(check, "CHECKS", [check.Check("words", "env ls /nowhere")])
    assert check.main(only_lint=True) == 1
    assert "/nowhere" in capsys.readouterr().out


def test_lint_leaves_out_what_does_not_read_code(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "BIN", Path("/usr/bin"))
    checks = [check.Check("words", "env true"), check.Check("docs", "env false", lint=False)]
    monkeypatch.setattr(check, "CHECKS", checks)
    assert check.main(only_lint=True) == 0
    assert capsys.readouterr().out.endswith("== Checks: all 1 passed\n")
