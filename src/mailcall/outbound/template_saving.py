"""What administrators do to templates: write, go back, lay out, add files, say when each is used.

Whatever could break a mail is refused before it is kept, with all that is wrong.
"""

import hashlib
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from mailcall.desk.errors import Refused
from mailcall.desk.models import Content, Person
from mailcall.message.file_names import safe_name
from mailcall.outbound import template_map
from mailcall.outbound.message_types import TYPES, MessageType
from mailcall.outbound.models import (
    Layout,
    Message,
    Template,
    TemplateChannel,
    TemplateFile,
    TemplateRule,
    TemplateStamp,
    TemplateVersion,
)
from mailcall.outbound.templating import builtin
from mailcall.outbound.templating.checking import Checked, Problem, Sources, check, check_layout

MOST_FILE = 1024 * 1024  # bytes: it goes with every mail
MOST_FILES = 10
_CID = re.compile(r"[A-Za-z0-9._-]{1,100}\Z")
_IMAGES = ("image/png", "image/jpeg", "image/gif")


class BadTemplate(Refused):
    """A template that can't be kept, with all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(map(str, problems)))
        self.problems = tuple(problems)


def newest(template: Template, language: str) -> TemplateVersion | None:
    """The version of a language that is in use."""
    return template.versions.filter(language=language).order_by("-number").first()


def newest_of_each(template: Template) -> list[TemplateVersion]:
    """The version in use of each language."""
    rows = template.versions.order_by("language", "number")
    return list({row.language: row for row in rows}.values())


def judged(template: Template, language: str, sources: Sources) -> Checked:
    """What is to be said of a template with the layout that it has, before it is kept."""
    layout_html, layout_text = layout_of(template)
    whole = replace(sources, layout_html=layout_html, layout_text=layout_text)
    codes = {template.type_code, *template.rules.values_list("type_code", flat=True)}
    found = [_check(template, TYPES[code], language, whole) for code in sorted(codes) if code in TYPES]
    return Checked(
        tuple(dict.fromkeys(problem for one in found for problem in one.problems)),
        tuple(dict.fromkeys(warning for one in found for warning in one.warnings)),
    )


def save_version(
    template: Template, language: str, sources: Sources, *, by: Person | None, by_name: str, why: str = ""
) -> TemplateVersion:
    """Keep what a template says from now on; the same again changes nothing. Raises BadTemplate."""
    sources = replace(
        sources,
        subject=sources.subject.strip(),
        html=sources.html.replace("\r\n", "\n"),
        text=sources.text.replace("\r\n", "\n"),
    )
    if problems := judged(template, language, sources).problems:
        raise BadTemplate(problems)
    layout_html, layout_text = layout_of(template)
    with transaction.atomic():
        Template.objects.select_for_update().get(pk=template.pk)
        last = newest(template, language)
        new = TemplateVersion(
            template=template,
            language=language,
            number=last.number + 1 if last else 1,
            subject=sources.subject,
            html=sources.html,
            text=sources.text,
            layout_html=layout_html,
            layout_text=layout_text,
            made_by=by,
            made_by_name=by_name,
            why=why,
        )
        if last and _said(last) == _said(new):
            return last
        new.save()
        Template.objects.filter(pk=template.pk).update(trouble="", trouble_at=None)
        _changed()
    return new


def go_back(version: TemplateVersion, *, by: Person | None, by_name: str) -> TemplateVersion:
    """Say again what an old version said, as a new one, with the layout of today. Raises BadTemplate."""
    return save_version(
        version.template,
        version.language,
        Sources(version.subject, version.html, version.text),
        by=by,
        by_name=by_name,
        why=f"Back to version {version.number}.",
    )


def save_layout(layout: Layout, *, by: Person | None, by_name: str) -> None:
    """Keep a layout, and have all templates that use it made anew with it. Raises BadTemplate."""
    layout.html, layout.text = layout.html.replace("\r\n", "\n"), layout.text.replace("\r\n", "\n")
    if problems := check_layout(layout.html, layout.text):
        raise BadTemplate(problems)
    with transaction.atomic():
        layout.save()
        for template in Template.objects.filter(layout=layout).select_related("layout"):
            lay_out(template, layout, by=by, by_name=by_name)
        _changed()


def lay_out(template: Template, layout: Layout | None, *, by: Person | None, by_name: str) -> None:
    """Give a template a layout, in a new version of each language. Raises BadTemplate."""
    with transaction.atomic():
        template.layout = layout
        template.save(update_fields=["layout"])
        for version in newest_of_each(template):
            sources = Sources(version.subject, version.html, version.text)
            name = layout.name if layout else "Mailcall's own"
            save_version(
                template, version.language, sources, by=by, by_name=by_name, why=f"Layout: {name}."[:200]
            )


def add_file(template: Template, name: str, data: bytes, *, cid: str = "") -> TemplateFile:
    """Have a file go with each mail: attached, or as the image `cid`. Raises Refused."""
    name = safe_name(name) or "file"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if not data:
        raise Refused(f"{name} is empty.")
    if len(data) > MOST_FILE:
        raise Refused(f"{name} is too big: 1 MB is the most, since it goes with every mail.")
    if template.files.count() >= MOST_FILES:
        raise Refused(f"A template has at most {MOST_FILES} files.")
    if cid and not _CID.match(cid):
        raise Refused("The name of an image is of letters, digits, dots, dashes and underscores.")
    if cid and kind not in _IMAGES:
        raise Refused(f"{name} is no image that mail programs show: use PNG, JPEG or GIF.")
    if cid and template.files.filter(cid=cid).exists():
        raise Refused(f"There is an image “{cid}” already.")
    with transaction.atomic():
        content, _ = Content.objects.get_or_create(
            sha256=hashlib.sha256(data).hexdigest(), defaults={"size": len(data), "data": data}
        )
        return TemplateFile.objects.create(
            template=template, content=content, name=name, content_type=kind, cid=cid
        )


def remove_file(file: TemplateFile) -> None:
    """No longer send a file. Raises Refused for an image that the template shows."""
    if file.cid:
        for version in newest_of_each(file.template):
            if f"cid:{file.cid}" in version.html + version.layout_html:
                raise Refused(f"“{file.cid}” is shown in the {version.language} version: take it out first.")
    drop_file(file)


def drop_file(file: TemplateFile) -> None:
    """Remove a file and its bytes, where nothing else has the same."""
    with transaction.atomic():
        content = file.content_id
        file.delete()
        unused = Content.objects.filter(pk=content, attachment=None, draft_files=None, template_files=None)
        unused.only("pk").delete()


def save_rule(rule: TemplateRule) -> None:
    """Have a template used for a message type. Raises Refused where it can't be filled with its data."""
    kind = TYPES.get(rule.type_code)
    if kind is None:
        raise Refused(f"There is no message type {rule.type_code}.")
    versions = newest_of_each(rule.template)
    if not versions:
        raise Refused(f"“{rule.template}” says nothing yet: write it first.")
    for version in versions:
        sources = Sources(
            version.subject, version.html, version.text, version.layout_html, version.layout_text
        )
        if problems := _check(rule.template, kind, version.language, sources).problems:
            raise BadTemplate(problems)
    with transaction.atomic():
        if rule.is_default:
            rule.partition = rule.priority = rule.group = None
            rule.language = ""
            channel = rule.template.channel
            others = TemplateRule.objects.filter(
                type_code=rule.type_code, is_default=True, template__channel=channel
            )
            others.exclude(pk=rule.pk).delete()
        rule.save()
        _changed()


def remove_rule(rule: TemplateRule) -> None:
    """No longer use a template for a message type under these conditions."""
    with transaction.atomic():
        rule.delete()
        _changed()


def remove_template(template: Template) -> None:
    """Remove a template that no mail was made by. Raises Refused."""
    if template.rules.exists():
        raise Refused(f"“{template}” is in use: take it from the message types first.")
    if Message.objects.filter(template_version__template=template).exists():
        raise Refused(f"Mails were made by “{template}”, which are shown with it; it stays.")
    with transaction.atomic():
        for file in template.files.all():
            file.delete()
        template.versions.all().delete()
        template.delete()
        _changed()


def _check(template: Template, kind: MessageType, language: str, sources: Sources) -> Checked:
    short = template.channel != TemplateChannel.EMAIL
    files = set(template.files.exclude(cid="").values_list("cid", flat=True))
    return check(kind, language, sources, files=files, short=short)


def layout_of(template: Template) -> tuple[str, str]:
    """What stands around a template: HTML and text, empty for short texts."""
    if template.channel != TemplateChannel.EMAIL:
        return "", ""
    if template.layout:
        return template.layout.html, template.layout.text
    return builtin.layout_source("html"), builtin.layout_source("txt")


def _said(version: TemplateVersion) -> tuple[str, ...]:
    return version.subject, version.html, version.text, version.layout_html, version.layout_text


def _changed() -> None:
    """Have every process look at the map again: this one at once, when it is kept."""
    TemplateStamp.renew()
    transaction.on_commit(template_map.forget)
