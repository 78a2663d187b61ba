"""HTML of strangers, safe to show."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcall.message import clean_html


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<svg><script>alert(1)</script></svg>",
        "<iframe src=https://x></iframe>",
        "<form action=https://x><input name=password></form>",
        "<style>body{display:none}</style>",
        "<base href=https://x>",
        "<meta http-equiv=refresh content='0;url=https://x'>",
        "<div style='position:fixed;top:0'>x</div>",
        "<div style='background:expression(alert(1))'>x</div>",
        "<div style='width:\\65xpression(alert(1))'>x</div>",
        "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
        "<p id=nav class=btn>x</p>",
    ],
)
def test_nothing_active_is_left(markup: str) -> None:
    cleaned = clean_html(markup).html.lower()
    for word in (
        "alert",
        "script",
        "iframe",
        "form",
        "display:none",
        "base",
        "meta",
        "fixed",
        "id=",
        "class=",
        "svg",
    ):
        assert word not in cleaned


def test_links_open_elsewhere_and_tell_nothing() -> None:
    cleaned = clean_html("<a href='https://x.example/'>x</a>").html
    assert 'target="_blank"' in cleaned
    assert 'rel="noopener noreferrer nofollow"' in cleaned


def test_attached_images_are_shown_from_our_address() -> None:
    assert 'src="/file/1"' in clean_html("<img src='cid:a@b'>", cid={"a@b": "/file/1"}).html


def test_remote_images_are_left_out_and_counted_unless_asked_for() -> None:
    markup = (
        "<img src='https://t.example/1.gif'><img srcset='https://t.example/2.gif 2x'>"
        "<table background='//t.example/3.gif'></table><p style=\"color:red;background:url('http://t.example/4.gif')\">x</p>"
    )
    cleaned = clean_html(markup)
    assert cleaned.blocked_images == 4
    assert "t.example" not in cleaned.html
    assert "color:red" in cleaned.html
    assert "https://t.example/1.gif" in clean_html(markup, remote_images=True).html


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 100_000,
        "<div><!--</div>-->" * 20_000,
        "<div title='</div>'>" * 20_000,
        "<div><style></div></style>" * 20_000,
        "<p>" + "".join(f"<font color=aaaaaaaaaa{i}>" for i in range(90)) + "</p>" + "<p>x" * 60_000,
        "<p>" + "".join(f"<b id={i}>" for i in range(900)) + "</p>" + "<p>x" * 2_000,
        "<p>" + "".join(f"<b id={i}>" for i in range(90)) + "<!--" + "</b>" * 90 + "--></p>" + "<p>x" * 9_000,
        "<p>" + "".join(f"<b id={i}>" for i in range(90)) + "<table><td>" + "</b>" * 90 + "</table>"
        "</p>" + "<p>x" * 9_000,
        "<p><a href=https://x.example/" + "a" * 10_000 + "><p>" + "<p>x" * 9_000,
        "<b title=" + "a" * 100_000 + ">" + "<div>" * 900 + "</b>" * 200,
        "".join(f"<b id={i}><p>" for i in range(800)),
        "<p><b></p>" * 100_000,
        "<p " + "a " * 100_000 + ">",
        "&" * 1_000_000,
    ],
)
def test_markup_that_would_take_long_is_shown_as_source(markup: str) -> None:
    start = time.process_time()
    assert clean_html(markup).html.startswith(("<pre>&lt;", "<pre>&amp;"))
    assert time.process_time() - start < 3


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_cleaned_twice_to_the_same(markup: str) -> None:
    once = clean_html(markup).html
    assert clean_html(once).html == once


FORMATTING = ["b", "font", "a", "i", "nobr"]
OTHERS = ["p", "div", "span", "li", "table", "tr", "td", "caption", "svg", "select"]


@st.composite
def tags(draw: st.DrawFn) -> str:
    """A start tag, whose attribute is long or short, or an end tag."""
    name = draw(st.sampled_from([*FORMATTING, *OTHERS]))
    if draw(st.booleans()):
        return f"</{name}>x"
    return f"<{name} title={draw(st.sampled_from('abcdefgh')) * draw(st.sampled_from([1, 500]))}>"


@given(st.lists(tags(), max_size=40), st.lists(tags(), min_size=1, max_size=6), st.integers(1, 200))
@settings(deadline=None)
def test_nothing_grows_far_beyond_its_size(once: list[str], again: list[str], times: int) -> None:
    markup = "".join(once) + "".join(again) * times
    assert len(clean_html(markup).html) < 200_000 + 20 * len(markup)


@pytest.mark.parametrize(
    "markup",
    [
        "<font size=2>" + "<p>Hello <b>you</b></p>" * 10_000 + "</font>",
        "<font size=2><table>" + "<tr><td>1</td><td>2</td></tr>" * 5_000 + "</table></font>",
        "<table>" + "<tr><td><font face=Arial size=2>never closed</td></tr>" * 5_000 + "</table>",
        "<table>" + f"<tr><td><a href='https://x.example/'><b>a <i>word</b>{' more' * 20}</td></tr>" * 5_000,
        "<p><b>never closed<p>more" * 50,
    ],
    ids=["paragraphs in a font", "cells in a font", "fonts in cells", "crossing in cells", "bold"],
)
def test_markup_that_is_only_untidy_is_shown_as_meant(markup: str) -> None:
    assert not clean_html(markup).html.startswith("<pre>")


def test_what_stands_in_comments_and_around_unfinished_markup_is_not_lost() -> None:
    assert clean_html("a<!-- b -->c<!d>e<?f>g</ h>i").html == "acegi"
    assert clean_html("a<<!---->b>c").html == "a&lt; b&gt;c"
    assert "seen" in clean_html("<style>seen").html
    assert "seen" in clean_html("<!-- seen").html
    assert clean_html("<title>a</title ><STYLE>b</Style\n>seen").html == "seen"
