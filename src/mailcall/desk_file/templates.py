"""What a desk file says of templates: layouts, what each template says, its files, and when it is used."""

import base64
import binascii
from typing import Any

from mailcall.desk.errors import Refused
from mailcall.desk.models import Group, Partition
from mailcall.desk_file.checking import Entry
from mailcall.desk_file.people import People
from mailcall.desk_file.references import References
from mailcall.outbound.models import Layout, Template, TemplateRule
from mailcall.outbound.template_saving import (
    add_file,
    drop_file,
    newest,
    newest_of_each,
    remove_rule,
    save_layout,
    save_rule,
    save_version,
)
from mailcall.outbound.templating.checking import Sources

_BY = "the desk file"
_PLACES = ("subject", "html", "text")


def read_html(layout: Layout, people: People) -> str:
    """Its HTML."""
    return layout.html


def save_html(entry: Entry, layout: Layout, references: References) -> bool:
    """Keep what the layout says, and have its templates use it. Raises Refused."""
    wanted = entry.item.html, entry.item.text if "text" in entry.item.model_fields_set else layout.text
    if (layout.html, layout.text) == wanted:
        return False
    layout.html, layout.text = wanted
    save_layout(layout, by=None, by_name=_BY)
    return True


def read_text(layout: Layout, people: People) -> str:
    """The same for plain text."""
    return layout.text


def save_text(entry: Entry, layout: Layout, references: References) -> bool:
    """Keep the plain text alone, if that is all that is given. Raises Refused."""
    if layout.text == entry.item.text:
        return False
    layout.text = entry.item.text
    save_layout(layout, by=None, by_name=_BY)
    return True


def read_files(template: Template, people: People) -> list[dict[str, str]]:
    """Its files with their bytes."""
    return [
        {"name": file.name, "image": file.cid, "base64": base64.b64encode(file.content.read()).decode()}
        for file in template.files.select_related("content")
    ]


def save_files(entry: Entry, template: Template, references: References) -> bool:
    """Have these files go with it, and no others. Raises Refused."""
    wanted = {(item.name, item.image): _bytes(item.name, item.base64) for item in entry.item.files}
    kept = {(file.name, file.cid): file for file in template.files.select_related("content")}
    same = {key for key, file in kept.items() if file.content.read() == wanted.get(key)}
    for key, file in kept.items():
        if key not in same:
            drop_file(file)
    for (name, image), data in wanted.items():
        if (name, image) not in same:
            add_file(template, name, data, cid=image)
    return set(wanted) != same or set(kept) != same


def read_languages(template: Template, people: People) -> dict[str, dict[str, str]]:
    """What it says now, by language."""
    return {
        version.language: {name: value for name in _PLACES if (value := getattr(version, name))}
        for version in newest_of_each(template)
    }


def save_languages(entry: Entry, template: Template, references: References) -> bool:
    """Keep what it says from now on in each of these languages. Raises Refused."""
    changed = False
    for language, item in entry.item.languages.items():
        before = newest(template, language)
        try:
            version = save_version(template, language, Sources(**item.model_dump()), by=None, by_name=_BY)
        except Refused as refusal:
            raise Refused(f"{language}: {refusal}") from None
        changed |= before != version
    return changed


def read_uses(template: Template, people: People) -> list[dict[str, Any]]:
    """When it is used."""
    return [_read_use(rule) for rule in template.rules.select_related("partition", "group")]


def _read_use(rule: TemplateRule) -> dict[str, Any]:
    said = {
        "message_type": rule.type_code,
        "default": rule.is_default,
        "partition": rule.partition.name if rule.partition else "",
        "language": rule.language,
        "priority": rule.priority,
        "group": rule.group.name if rule.group else "",
        "order": rule.order if rule.order != TemplateRule().order else 0,
    }
    return {name: value for name, value in said.items() if value}


def save_uses(entry: Entry, template: Template, references: References) -> bool:
    """Use it so, and not otherwise. Raises Refused."""
    wanted = [item.model_dump(exclude_defaults=True) for item in entry.item.used]
    if read_uses(template, People.of([])) == wanted:
        return False
    for rule in template.rules.all():
        remove_rule(rule)
    for item in entry.item.used:
        save_rule(
            TemplateRule(
                type_code=item.message_type,
                template=template,
                is_default=item.default,
                partition=_named(Partition, "partition", item.partition),
                language=item.language,
                priority=item.priority,
                group=_named(Group, "group", item.group),
                order=item.order or TemplateRule().order,
            )
        )
    return True


def _named(model: Any, word: str, name: str) -> Any:
    found = model.objects.filter(name=name).first() if name else None
    if name and found is None:
        raise Refused(f"There is no {word} `{name}`.")
    return found


def _bytes(name: str, text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"What is given of {name} is no base64.") from None
