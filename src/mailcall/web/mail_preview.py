"""What a template makes, as mail programs show it: wide, on a phone, on a dark screen, and as text."""

import base64
import html as html_text
import re
from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme:\s*dark\s*\)", re.IGNORECASE)
_CID = re.compile(r"\bcid:([A-Za-z0-9._-]{1,100})")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; "
    "form-action 'none'; frame-ancestors 'self'"
)


def preview_answer(
    request: HttpRequest,
    *,
    html: str = "",
    text: str = "",
    subject: str = "",
    problems: Sequence[str] = (),
    warnings: Sequence[str] = (),
    images: Mapping[str, tuple[str, bytes]] | None = None,
) -> HttpResponse:
    """A document for a frame, with the mail in sandboxed frames of its own.

    `images` are types and bytes by content id.

    Nothing runs in it, nothing is fetched: it holds what an administrator typed.
    """
    shown = _with_images(html, images or {})
    context = {
        "subject": subject,
        "text": text,
        "problems": problems,
        "warnings": warnings,
        "light": shown,
        "dark": _DARK.sub("@media all", shown),
    }
    answer = render(request, "web/templates/preview.html", context)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def _with_images(html: str, images: Mapping[str, tuple[str, bytes]]) -> str:
    """The images in the markup itself, since frames of their own fetch none."""

    def image(match: re.Match[str]) -> str:
        if match[1] not in images:
            return match[0]
        kind, data = images[match[1]]
        return f"data:{html_text.escape(kind)};base64,{base64.b64encode(data).decode()}"

    return _CID.sub(image, html)
