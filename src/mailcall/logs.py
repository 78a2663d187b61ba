"""How this process writes log lines: structured, to standard error, never with a secret."""

import logging
import sys
from contextlib import suppress
from typing import Literal

import structlog


def set_up(form: Literal["console", "json"], level: str) -> None:
    """Set up structlog for our own lines, and the standard library's logging in the same form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # others print variables, secrets among them
        )
    )
    end = [structlog.processors.format_exc_info, renderer] if form == "json" else [renderer]
    # Our own lines are written as they are made: the standard library would take most of a line's time.
    structlog.configure(
        processors=[*shared, *end],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *end],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("mail.log", "asyncio", "axes", "procrastinate"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # each try to connect while the server is away
    # What a page refuses with a sentence of its own is no error of ours; nor is a wrong Host header.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    logging.getLogger("django.security.DisallowedHost").setLevel(logging.CRITICAL)


class _Lines(structlog.WriteLogger):
    """Writes the lines of a named logger to standard error, each in one piece."""

    def __init__(self, name: str = "") -> None:
        super().__init__(sys.stderr)
        self.name = name

    def msg(self, message: str) -> None:
        """One that can't be written, such as on a full disk, is lost, and what it tells of goes on."""
        with suppress(OSError, ValueError):
            super().msg(message)

    debug = info = warning = error = critical = exception = msg
