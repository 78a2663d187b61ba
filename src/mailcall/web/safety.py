"""Showing what strangers sent: nothing of it may run, and nothing of it may pass for ours."""

import html
import re
from collections.abc import Mapping
from typing import TypeVar

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header

from mailcall.message import clean_html

FILE_POLICY = "sandbox; default-src 'none'"
RASTER_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
SAFE_TYPES = RASTER_TYPES | {
    "application/msword",
    "application/pdf",
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/zip",
    "message/rfc822",
    "text/calendar",
    "text/csv",
    "text/plain",
}
INLINE_SECONDS = 3_600

_signer = signing.TimestampSigner(salt="mailcall.web.inline-image")
_unfit = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\\\u200e\u200f\u202a-\u202e\u2066-\u2069]")
R = TypeVar("R", bound=HttpResponseBase)


def safe_type(content_type: str) -> str:
    """The content type to answer with: what was claimed if it is harmless, else plain bytes."""
    claimed = content_type.partition(";")[0].strip().lower()
    return claimed if claimed in SAFE_TYPES else "application/octet-stream"


def guard(response: R, *, name: str, download: bool = True) -> R:
    """The same answer with headers by which a browser saves it, or shows it, and never runs it."""
    file_name = _unfit.sub("_", name).strip(" .") or "file"
    response.headers["Content-Disposition"] = content_disposition_header(download, file_name) or "attachment"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def file_answer(data: bytes, *, name: str, content_type: str) -> HttpResponse:
    """Bytes to be saved under this name."""
    return guard(HttpResponse(data, content_type=safe_type(content_type)), name=name)


def source_answer(data: bytes, *, name: str, download: bool) -> HttpResponse:
    """The source of a mail: to be read as plain text, or saved as .eml."""
    content_type = "message/rfc822" if download else "text/plain; charset=utf-8"
    return guard(HttpResponse(data, content_type=content_type), name=name, download=download)


def frame(request: HttpRequest, source: str, *, cid: Mapping[str, str], remote_images: bool) -> HttpResponse:
    """Somebody's HTML, cleaned, as the document of a sandboxed frame.

    Three walls: the cleaning, the sandbox (no script, no form, an origin of its own), and a policy by
    which only inline images load, and remote ones when they were asked for.
    """
    cleaned = clean_html(source, cid=cid, remote_images=remote_images)
    images = "data: " + request.build_absolute_uri(reverse("web:inline-image", args=["x"]))[:-2]
    if remote_images:
        images += " https: http:"
    blocked = 0 if remote_images else cleaned.blocked_images
    notice = f"<p class=notice>{_blocked_sentence(blocked)}</p>" if blocked else ""
    response = HttpResponse(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>As sent</title>"
        f"<base target=_blank><style>{_SHEET}</style></head><body>{notice}{cleaned.html}</body></html>"
    )
    response.headers["Content-Security-Policy"] = (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        f"img-src {images}; style-src 'unsafe-inline'; frame-ancestors 'self'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def inline_image_url(pk: int) -> str:
    """Where a sandboxed frame, which has no cookies, finds this one image, for an hour."""
    return reverse("web:inline-image", args=[_signer.sign(str(pk))])


def inline_image_key(token: str) -> int:
    """The key of the attachment that a token is for. Raises BadSignature."""
    return int(_signer.unsign(token, max_age=INLINE_SECONDS))


def _blocked_sentence(count: int) -> str:
    images = "1 remote image is" if count == 1 else f"{count} remote images are"
    return html.escape(f"{images} not loaded, so that the sender doesn't learn when this is read.")


_SHEET = """
body{margin:12px;font:15px/1.5 system-ui,sans-serif;color:#1c2430;background:#fff;overflow-wrap:anywhere}
img{max-width:100%;height:auto}table{max-width:100%}pre{white-space:pre-wrap}
.notice{margin:0 0 12px;padding:6px 10px;border-radius:6px;background:#fff4d6;color:#5c4300;font-size:13px}
"""
