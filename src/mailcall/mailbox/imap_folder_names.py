"""Folder names as IMAP writes them: modified UTF-7 (RFC 3501 5.1.3)."""

import base64
import re


def encode_folder(name: str) -> str:
    """`Entwürfe` becomes `Entw&APw-rfe`; `&` becomes `&-`."""
    return re.sub(r"&|[^\x20-\x7e]+", lambda match: "&-" if match[0] == "&" else _shifted(match[0]), name)


def _shifted(text: str) -> str:
    coded = base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return f"&{coded}-"
