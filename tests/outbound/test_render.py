"""From a row of the message table to a mail."""

import re

import pytest

from mailcall.outbound.message_types import TYPES, MessageType
from mailcall.outbound.templating.builtin import builtin, engine, unstyled
from mailcall.outbound.templating.data import Kind, data_of, sample_of
from mailcall.outbound.templating.filling import data_for, fill_builtin
from mailcall.outbound.templating.mail_html import inlined
from mailcall.outbound.templating.wording import LANGUAGES

ODD = 'Ink <b> & "paper"'


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TYPES.values(), ids=str)
def test_a_builtin_template_can_be_filled_with_much_odd_and_no_data(kind: MessageType, language: str) -> None:
    odd = {datum.name: ODD for datum in data_of(kind) if datum.kind == Kind.TEXT}
    for values in (sample_of(kind), {**sample_of(kind), **odd}, {}):
        filled = fill_builtin(kind, language, values)
        assert "{{" not in filled.text + filled.html
        assert "{%" not in filled.text + filled.html
        assert "<b>" not in filled.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TYPES.values(), ids=str)
def test_a_builtin_template_uses_documented_data_only(kind: MessageType, language: str) -> None:
    known = {datum.name for datum in data_of(kind)} | LAYOUT
    template = builtin(kind.template, language)
    for compiled in (template.html, template.text):
        assert set(compiled.template.global_variables()) <= known


# What the layout and the parts ask for in any mail, if it is there.
LAYOUT = {"language", "title", "approval", "thing", "account", "partition", "quote", "quote_html"}
LAYOUT |= {"parent", "parent_url", "parent_subject", "type", "due"}


def test_a_mail_is_in_the_nearest_language_and_else_in_english() -> None:
    kind = TYPES[1001]
    for language, hello in (("de-AT", "Guten Tag"), ("de", "Guten Tag"), ("fr", "Hello"), ("", "Hello")):
        assert fill_builtin(kind, language, sample_of(kind)).text.startswith(hello)


def test_states_things_and_moments_are_told_in_the_language_of_the_mail() -> None:
    text = fill_builtin(TYPES[3005], "de", sample_of(TYPES[3005])).text
    assert "Aufgabe 9" in text
    assert "Status: Offen" in text
    assert "Fällig: Montag, 23. November 2026 um 10:00 UTC" in text


def test_the_same_data_makes_the_same_mail() -> None:
    kind = TYPES[4001]
    first, second = (fill_builtin(kind, "en", sample_of(kind)) for _ in range(2))
    assert first == second


def test_styles_stand_on_the_elements_and_what_depends_on_the_screen_in_the_head() -> None:
    html = fill_builtin(TYPES[1001], "en", sample_of(TYPES[1001])).html
    assert '<p style="margin: 0 0 16px;">' in html
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style.startswith("@media (prefers-color-scheme: dark)")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TYPES.values(), ids=str)
def test_styles_that_are_put_on_once_are_those_of_the_whole_mail(kind: MessageType, language: str) -> None:
    """What conditions leave out or repeat has no influence on what stands around it.

    What is HTML already, written by hand, has styles of its own.
    """
    words = {datum.name: datum.value for datum in data_of(kind) if datum.kind != Kind.HTML}
    whole = engine("html", language).compile(unstyled(kind.template, language, "html"))
    for values in (words, {}, {"user": "<x>", "flood": True}):
        data = data_for(kind, language, values)
        styled = builtin(kind.template, language).html.filled(data)
        assert inlined(styled).split() == inlined(inlined(whole.filled(data))).split()
