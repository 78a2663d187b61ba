"""HTML as mail programs want it: styles on the elements themselves, and small enough for their parsers."""

import re

import css_inline
from liquid import Markup

from mailcall.message.html_bounds import bounded_html

MOST_TAGS = 3_000  # a parser ends the process at some 20,000 within each other
MOST_STYLE = 50_000  # characters of a style sheet
_TAG = re.compile(r"<[a-zA-Z]")
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style", re.IGNORECASE | re.DOTALL)
_BODY_ENDS = re.compile(r"</body\s*>", re.IGNORECASE)

_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def inlined(html: str, *, trusted: bool = False) -> str:
    """The markup with the style sheet on its elements; what depends on the screen stays in it.

    Markup beyond the bounds is left as it is. `trusted` is what only our own templates made.
    """
    if why_not_inlined(html, trusted=trusted):
        return html
    try:
        return _INLINER.inline(html)
    except css_inline.InlineError:  # a style sheet that is none
        return html


def why_not_inlined(html: str, *, trusted: bool = False) -> str:
    """Why a parser must not be given this markup, in a sentence; empty where it may."""
    if html.count("<") > MOST_TAGS and len(_TAG.findall(html)) > MOST_TAGS:
        return f"The HTML has more than {MOST_TAGS:,} elements."
    if trusted:
        return ""
    if sum(len(style) for style in _STYLE.findall(html)) > MOST_STYLE:
        return f"The style sheet has more than {MOST_STYLE:,} characters."
    if bounded_html(html) is None:
        return "The elements of the HTML stand too deep within each other."
    return ""


def with_mark(html: str, mark: str) -> str:
    """The markup with a mark at its end, small, unless it is there."""
    if not mark or mark in html:
        return html
    line = f'<p style="margin: 16px 0 0;font-size: 11px;color: #6b7584">{Markup.escape(mark)}</p>\n'
    end = next(reversed(list(_BODY_ENDS.finditer(html))), None)
    return f"{html[: end.start()]}{line}{html[end.start() :]}" if end else html + line
