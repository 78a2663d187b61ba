"""Filling administrators' templates; one that fails is told of, and its mail is written by Mailcall's own."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import structlog
from django.utils import timezone

from mailcall.message.mail import Attachment
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.models import Message, MessageChannel, Template, TemplateFile, TemplateVersion
from mailcall.outbound.templating import builtin
from mailcall.outbound.templating.engine import Compiled, TemplateError
from mailcall.outbound.templating.filling import Filled, compile_template, fill, fill_builtin, fill_line
from mailcall.outbound.templating.filling import Template as CompiledTemplate

log = structlog.get_logger("outbound.template_use")

MOST_SHORT = 1_000  # characters of a text for a pager


def filled(
    message: Message, kind: MessageType, values: Mapping[str, Any]
) -> tuple[Filled, tuple[Attachment, ...]]:
    """What a mail says, and the files that go with its template."""
    if message.template_version_id is not None:
        try:
            template = _compiled(message.template_version_id)
            return fill(template, kind, values), _files(message.template_version_id)
        except (TemplateError, TemplateVersion.DoesNotExist, OSError) as error:
            note_trouble(message.template_version_id, error)
    return fill_builtin(kind, message.language, values), ()


def short_text(message: Message, kind: MessageType, values: Mapping[str, Any]) -> str:
    """What a pager is sent by a template of its own; empty without one."""
    if message.template_version_id is None or message.channel != MessageChannel.PAGER:
        return ""
    try:
        template, language = _compiled_short(message.template_version_id)
        return fill_line(template, kind, language, values)[:MOST_SHORT]
    except (TemplateError, TemplateVersion.DoesNotExist) as error:
        note_trouble(message.template_version_id, error)
        return ""


def note_trouble(version: int | None, error: Exception) -> None:
    """Keep why a template could not be used, until it is changed: it is an alarm."""
    log.error("template can't be used", version=version, error=str(error))
    Template.objects.filter(versions=version, trouble="").update(
        trouble=str(error)[:1_000] or type(error).__name__, trouble_at=timezone.now()
    )


def forget() -> None:
    """Compile anew what is asked for next."""
    _compiled.cache_clear()
    _compiled_short.cache_clear()


@lru_cache(maxsize=256)
def _compiled(version: int) -> CompiledTemplate:
    """A version never changes, so it is compiled once. Raises TemplateError and DoesNotExist."""
    row = TemplateVersion.objects.get(pk=version)
    return compile_template(row.language, row.html, row.text, row.layout_html, row.layout_text)


@lru_cache(maxsize=256)
def _compiled_short(version: int) -> tuple[Compiled, str]:
    row = TemplateVersion.objects.get(pk=version)
    return builtin.engine("txt", row.language).compile(row.text), row.language


def _files(version: int) -> tuple[Attachment, ...]:
    """The files of a version's template. Raises OSError when one is missing."""
    files = TemplateFile.objects.filter(template__versions=version).select_related("content").order_by("pk")
    return tuple(
        Attachment(
            file.name,
            file.content_type,
            file.content.read(),
            file.content.sha256,
            bool(file.cid),
            file.cid,
        )
        for file in files
    )
