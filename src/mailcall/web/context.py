"""What every page knows."""

from typing import Any

from django.http import HttpRequest

from mailcall import __version__
from mailcall.config import config


def site(_request: HttpRequest) -> dict[str, Any]:
    """The product's version and whether this is the demo."""
    return {"mailcall_version": __version__, "demo": config().demo}
