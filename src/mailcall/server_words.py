"""What a server said, without what we signed in with: some servers repeat the command they refuse.

For mailboxes and transports alike.
"""

import base64
import html
import re
from urllib.parse import quote

LEFT_OUT = "its words are left out, since they repeat what signs us in"

_PIECE = 6  # of base64: hardly a chance meeting, and little of a password
_CUT = 190  # words this long may have been cut in the middle of a password
_LONG = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}|[A-Za-z0-9+/]{6,}={1,2}(?![\w<'\"])")
_DIGEST = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


def without_secrets(text: str, login: str, password: str, *, signing_in: bool = False) -> str:
    """The words, or `LEFT_OUT` where they hold the password, or base64 of it, in any form that went out.

    What answers a sign-in also loses all that looks like base64 or a digest: its form is the server's choice.
    """
    if password and (_holds_plain(text, password) or _holds_base64(text, login, password)):
        return LEFT_OUT
    if signing_in:
        text = _LONG.sub(_unless_a_word, _DIGEST.sub("(left out)", text))
    return text


def _holds_plain(text: str, password: str) -> bool:
    said = _fold(text)
    forms = {password, quote(password), html.escape(password), repr(password.encode())[2:-1]}
    if password in text:
        return True
    for form in filter(None, map(_fold, forms)):
        if form in said:
            return True
        if len(text) >= _CUT and any(said.endswith(form[:end]) for end in range(3, len(form))):
            return True
    return False


def _holds_base64(text: str, login: str, password: str) -> bool:
    said = re.sub(r"[^a-z0-9+/]+", " ", text.lower())
    for plain in (password, f"\0{login}\0{password}", f"{login}\0{login}\0{password}", f"{login}:{password}"):
        token = base64.b64encode(plain.encode()).decode().rstrip("=").lower()
        if any(token[at : at + _PIECE] in said for at in range(max(1, len(token) - _PIECE + 1))):
            return True
    return False


def _fold(text: str) -> str:
    """Without case, back-slashes and what does not print, as servers quote and readers clean."""
    return re.sub(r"[^\x21-\x7e]+", " ", text.replace("\\", "")).strip().casefold()


def _unless_a_word(run: re.Match[str]) -> str:
    text = run[0]
    mixed = re.search("[A-Z]", text) and re.search("[a-z]", text) and re.search("[0-9+]", text)
    return "(left out)" if mixed or text.endswith("=") else text
