"""Prints the reference of the desk file in Markdown: `python -m mailcall.desk_file.reference`."""

import sys
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from mailcall.desk_file import schema

SECTIONS: dict[str, type[schema.Item]] = {
    "organisations": schema.OrganisationItem,
    "people": schema.PersonItem,
    "groups": schema.GroupItem,
    "partitions": schema.PartitionItem,
    "roles": schema.RoleItem,
    "call_templates": schema.CallTemplateItem,
    "issue_types": schema.IssueTypeItem,
    "business_calendars": schema.BusinessCalendarItem,
    "agreements": schema.AgreementItem,
    "request_types": schema.RequestTypeItem,
    "incoming_accounts": schema.IncomingAccountItem,
    "outgoing_servers": schema.OutgoingServerItem,
    "snippets": schema.SnippetItem,
    "layouts": schema.LayoutItem,
    "templates": schema.TemplateItem,
    "retention_rules": schema.RetentionRuleItem,
}

# What the lists of some fields hold.
PARTS: dict[str, type[schema.Item]] = {
    "`priorities` of `partitions`": schema.PriorityItem,
    "`notifications` of `partitions`": schema.NotificationsItem,
    "`steps` of `request_types`": schema.StepItem,
    "`targets` of `agreements`": schema.TargetItem,
    "`levels` of `agreements`": schema.LevelItem,
    "`languages` of `templates`": schema.TemplateTextItem,
    "`files` of `templates`": schema.TemplateFileItem,
    "`used` of `templates`": schema.TemplateUseItem,
}

_NAMES: dict[Any, str] = {
    str: "text",
    bool: "`true`, `false`",
    schema.SecretReference: "reference",
    schema.GrantItem: "grant",
    schema.StepItem: "step",
    schema.TargetItem: "target",
    schema.LevelItem: "level",
    schema.PriorityItem: "priority",
    schema.NotificationsItem: "notification settings",
    schema.TemplateTextItem: "texts",
    schema.TemplateFileItem: "file",
    schema.TemplateUseItem: "use",
}


def reference() -> str:
    """A Markdown section with a table of fields for each section of the file."""
    tables = {f"`{name}`": item for name, item in SECTIONS.items()} | PARTS
    return "\n".join(line for name, item in tables.items() for line in _section(name, item))


def _section(name: str, item: type[schema.Item]) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{item.__doc__}\n"
    yield "| field | value | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for field, info in item.model_fields.items():
        yield f"| `{field}` | {_value(info)} | {_default(info)} | {info.description} |"
    yield ""


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "(needed)"
    if info.json_schema_extra == schema.NEEDED_WHEN_NEW:
        return "(needed when new)"
    if info.default in (None, "", []):
        return "(none)"
    value = str(info.default).lower() if isinstance(info.default, bool) else info.default
    return f"`{value}`"


def _value(info: FieldInfo) -> str:
    if isinstance(info.json_schema_extra, dict) and "choices" in info.json_schema_extra:
        return ", ".join(f"`{word}`" for word in cast("list[str]", info.json_schema_extra["choices"]))
    return _type(info.annotation, info.metadata)


def _type(annotation: Any, metadata: list[Any] | tuple[Any, ...] = ()) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *extra = get_args(annotation)
        return _type(base, [part for one in extra for part in getattr(one, "metadata", [one])])
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in get_args(annotation))
    if origin in {list, dict}:
        kinds = [_type(part) for part in get_args(annotation)]
        return f"list of {kinds[0]}" if origin is list else f"{kinds[1]} by name"
    if origin in {Union, UnionType}:
        return " or ".join(_type(part) for part in get_args(annotation) if part is not NoneType)
    if annotation is int:
        least = next((part.ge for part in metadata if isinstance(part, Ge)), None)
        most = next((part.le for part in metadata if isinstance(part, Le)), None)
        return f"number, {least:,} to {most:,}"
    return _NAMES[annotation]


if __name__ == "__main__":
    sys.stdout.write(reference() + "\n")
