"""The text of an HTML body: what a person would read, whatever the markup."""

# ruff: noqa: E501 - rows of examples

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import html_to_text
from mailcall.message.html_text import MarkedText, join_texts, read_html
from mailcall.message.mail import PieceKind

MARKUP = st.lists(
    st.one_of(
        st.sampled_from(
            ["<div>", "</div>", "<p>", "</p>", "<br>", "<blockquote>", "</blockquote>", "<pre>", "</pre>", "<!--", "-->",
             '<div class="gmail_quote">', '<div id="divRplyFwdMsg">', '<a href="http://x.example">', "</a>", "<style>",
             "</style>", "&nbsp;", "&#13;", "&lt;", "<", ">", '<img alt="a\nb">', '<b title="', "<hr>", "<td>", "text\r",
             '<span style="display:none">', "</span>", '<div class="gmail_signature">', "<script", "<?xml", "<!x"]
        ),
        st.text(max_size=5),
    ),
    max_size=20,
).map("".join)  # fmt: skip


@given(MARKUP)
def test_any_markup_reads(markup: str) -> None:
    made = read_html(markup)
    lines = made.text.count("\n") + 1
    assert "\r" not in made.text
    assert all(0 <= mark.first <= mark.end <= lines for mark in made.marks)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("one<br>two", "one\ntwo"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<DIV>one</DIV><DIV>two<BR></DIV>", "one\ntwo"),
        ("<ul><li>one<li>two</ul>", "* one\n* two"),
        ("a  <b>b</b>\n c", "a b c"),
        ("<b>a</b><i>b</i>", "ab"),
        ("<pre>a  b\n c</pre>", "a  b\n c"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n>> b\nc"),
        ('<a href="https://x.example/y">here</a>', "here <https://x.example/y>"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="mailto:a@x.example">Ann</a>', "Ann"),
        ('<img alt="a  plan" src="cid:1">', "[a plan]"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<head><title>t</title></head><style>p {}</style><script>x</script>a", "a"),
        ("<script>never closed", "never closed"),
        ("a<!-- b --!> c --> d", "a d"),
        ("a <!-- b", "a <!-- b"),
        ("1 < 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
        ("a <3 b", "a <3 b"),
        ('<p title="a > b">c</p>', "c"),
        ('<div style="display:none">preview</div>text', "text"),
        ('<div style="display:none"><div>a</div>b</div>text', "text"),
        ('<div style="display:none">never closed', "never closed"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("a&nbsp;b", "a b"),
        ("", ""),
    ],
)
def test_html_is_read_as_it_looks(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


def test_marks_name_the_lines_of_containers() -> None:
    made = read_html('<p>New</p><div class="gmail_quote">a<div>b</div></div><div>c</div>')
    (mark,) = made.marks
    assert mark.kind is PieceKind.QUOTE
    assert [line for line in made.text.split("\n")[mark.first : mark.end] if line] == ["a", "b"]


def test_marks_move_along_when_texts_are_put_together() -> None:
    made = read_html('New<div class="gmail_signature">Bob</div>')
    joined = join_texts([MarkedText("first\npart"), MarkedText(" "), made])
    assert joined.text == "first\npart\n\nNew\nBob"
    assert joined.text.split("\n")[joined.marks[0].first] == "Bob"


@pytest.mark.parametrize(
    "hostile",
    [
        "<blockquote>" * 100_000, "<div>" * 200_000, '<div class="gmail_quote">' * 40_000, "<" * 1_000_000,
        "<a " * 300_000, '<a href="' * 100_000, "<!--" * 250_000, "<script>" * 120_000, "&" * 1_000_000,
        '<p style="display:none">' * 40_000, "<b " * 300_000, '<b "' * 250_000, "<b ''" * 200_000, "<br>" * 250_000,
        "</div>" * 150_000, '<div id="divRplyFwdMsg">' * 40_000, "<pre>\n" * 100_000, "<li>" * 250_000,
        "<blockquote>x\n" * 70_000, '<span style="display:none">x</span>' * 30_000, "<td>" * 250_000, "<span " * 150_000,
    ],
)  # fmt: skip
def test_hostile_markup_gives_a_bounded_text(hostile: str) -> None:
    assert len(html_to_text(hostile)) <= 30 * len(hostile)


def test_rules_with_nothing_between_are_one() -> None:
    assert html_to_text("a<hr><hr>\n<hr>b<hr>c").count("_" * 32) == 2


def test_a_number_of_a_character_that_is_absurdly_long_is_none():
    text = html_to_text(f'<p title="&#{"9" * 5000};">before &#{"9" * 5000}; after &#65;</p>')
    assert text.strip() == "before \ufffd after A"
