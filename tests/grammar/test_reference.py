"""The reference page of commands is filled from the table, with nothing left out."""

import importlib.util
from pathlib import Path
from types import ModuleType
from unittest.mock import Mock

import pytest

from mailcall.grammar import COMMANDS, LANGUAGES
from mailcall.grammar.commands import KEYWORDS
from mailcall.message.prefix_words import PREFIX_WORDS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def hooks() -> ModuleType:
    pytest.importorskip("mkdocs")
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_names_every_command_word_and_prefix(hooks: ModuleType) -> None:
    written = (DOCS / "reference" / "subject-commands.md").read_text("utf-8")
    page = hooks.on_page_markdown(written, page=Mock())
    assert "<!-- generated" not in page
    for command in COMMANDS:
        row = next(line for line in page.splitlines() if f"`{command.example}`" in line)
        assert command.does in row
        assert row.count("|") - row.count("\\|") == 6
    for name in (*KEYWORDS, *PREFIX_WORDS, *LANGUAGES.values()):
        assert f"| {name} " in page
