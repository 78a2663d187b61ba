"""The kinds of things in a desk file, in the order in which they are loaded, and where each is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from mailcall.desk.issue_types import BETWEEN, full_names
from mailcall.desk.models import (
    Agreement,
    BusinessCalendar,
    CallTemplate,
    Group,
    IssueType,
    Organisation,
    Partition,
    Person,
    RequestType,
    Role,
)
from mailcall.desk_file import schema
from mailcall.inbound.models import IncomingAccount
from mailcall.outbound.models import Layout, OutgoingServer, Snippet, Template
from mailcall.retention.models import RetentionRule


@dataclass(frozen=True, slots=True)
class TextList:
    """A list in the file that is one text in its table."""

    split: Callable[[str], list[str]]
    separator: str

    def read(self, text: str) -> list[str]:
        """The items of the stored text."""
        return self.split(text)

    def write(self, items: list[str]) -> str:
        """The text to store."""
        return self.separator.join(items)


class Numbers(TextList):
    """The same of whole numbers; what is none is passed over."""

    def read(self, text: str) -> list[int]:  # type: ignore[override]
        """The numbers of the stored text."""
        return [int(item) for item in self.split(text) if item.isascii() and item.isdigit()]

    def write(self, items: list[int]) -> str:  # type: ignore[override]
        """The text to store."""
        return super().write([str(item) for item in items])


class OneOrMore(TextList):
    """The same, where a single item stands for itself."""

    def read(self, text: str) -> str | list[str]:  # type: ignore[override]
        """The item of the stored text, or its items."""
        items = self.split(text)
        return items[0] if len(items) == 1 else items

    def write(self, items: str | list[str]) -> str:
        """The text to store."""
        return super().write([items] if isinstance(items, str) else items)


def _by_semicolon(text: str) -> list[str]:
    return [item.strip() for item in text.split(";") if item.strip()]


def _by_comma(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _by_line(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


_SEMICOLONS = TextList(_by_semicolon, "; ")
_COMMAS = TextList(_by_comma, ", ")
_WORDS = TextList(str.split, "\n")
_LINES = TextList(_by_line, "\n")
_NUMBERS = Numbers(_by_comma, ", ")
_ONE_A_LINE = OneOrMore(_by_line, "\n")


@dataclass(frozen=True, slots=True)
class Kind:
    """One section of the file."""

    section: str
    word: str  # for people
    item: type[schema.Item]
    model: type[Model]
    columns: Mapping[str, str] = field(
        default_factory=dict
    )  # the field's name in the table, where it differs
    lists: Mapping[str, TextList] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)  # to which section a field refers
    parts: tuple[str, ...] = ()  # the fields that are rows of other tables, see parts.py

    def column(self, name: str) -> str:
        """The table's name for a field of the file."""
        return self.columns.get(name, name)

    def field_of(self, column: str) -> str:
        """The file's name for a column of the table."""
        return next((name for name, known in self.columns.items() if known == column), column)

    @property
    def a_word(self) -> str:
        """The word with its article, to begin a sentence."""
        return f"{'An' if self.word[0] in 'aeiou' else 'A'} {self.word}"

    @property
    def plain_fields(self) -> list[str]:
        """The fields that are neither references nor secrets nor rows of their own, in order."""
        special = {*self.references, "password", *self.parts}
        return [name for name in self.item.model_fields if name not in special]

    def all(self) -> list[Any]:
        """All of them that the desk has, in the order in which they are written."""
        return list(self.model._default_manager.order_by("name").select_related(*self.references))

    def find(self, name: str) -> Any:
        """What has this name, or None."""
        return self.model._default_manager.filter(name=name).first()

    def read(self, stored: Model, name: str) -> Any:
        """The value of a plain field as the file shows it."""
        value = getattr(stored, self.column(name))
        if name in self.lists:
            return self.lists[name].read(value)
        return str(value) if isinstance(value, str) else value  # a choice as its plain text

    def write(self, stored: Model, name: str, value: Any) -> None:
        """Set a plain field from the value in the file."""
        setattr(stored, self.column(name), self.lists[name].write(value) if name in self.lists else value)


class TreeKind(Kind):
    """A section of things in a tree, each known by its whole name: `Hardware > Laptop`."""

    def all(self) -> list[Any]:
        """In the order of their whole names, so that each comes after what it is part of."""
        names = full_names()
        return sorted(super().all(), key=lambda stored: names[stored.pk].split(BETWEEN))

    def find(self, name: str) -> Model | None:
        """What has this whole name, or None."""
        wanted = _whole(name)
        key = next((key for key, known in full_names().items() if known == wanted), None)
        return IssueType.objects.filter(pk=key).first() if key else None

    def read(self, stored: Model, name: str) -> Any:
        """The whole name, or another field."""
        return full_names().get(stored.pk, "") if name == "name" else super().read(stored, name)

    def write(self, stored: Model, name: str, value: Any) -> None:
        """Set a field; of a whole name, what it is part of, too. Without that the name stays whole."""
        if name == "name":
            before, _, own = _whole(value).rpartition(BETWEEN)
            parent = self.find(before) if before else None
            stored.parent, value = parent, own if parent or not before else _whole(value)  # type: ignore[attr-defined]
        super().write(stored, name, value)


def _whole(name: str) -> str:
    return BETWEEN.join(" ".join(part.split()) for part in name.split(">"))


KINDS = (
    Kind("organisations", "organisation", schema.OrganisationItem, Organisation, parts=("domains",)),
    Kind(
        "people",
        "person",
        schema.PersonItem,
        Person,
        columns={"user": "is_user", "analyst": "is_analyst", "template": "is_template"},
        references={"organisation": "organisations"},
        parts=("addresses", "unverified_addresses", "pager"),
    ),
    Kind(
        "groups",
        "group",
        schema.GroupItem,
        Group,
        lists={"addresses": _SEMICOLONS},
        parts=("members", "default_of"),
    ),
    Kind(
        "partitions",
        "partition",
        schema.PartitionItem,
        Partition,
        lists={"close_warning_hours": _NUMBERS, "allowed_senders": _COMMAS},
        references={"closure_group": "groups"},
        parts=("priorities", "state_names", "notifications", "message_types"),
    ),
    Kind("roles", "role", schema.RoleItem, Role, parts=("granted",)),
    Kind(
        "call_templates",
        "call template",
        schema.CallTemplateItem,
        CallTemplate,
        references={"partition": "partitions", "group": "groups", "analyst": "people"},
    ),
    TreeKind(
        "issue_types",
        "issue type",
        schema.IssueTypeItem,
        IssueType,
        references={"template": "call_templates"},
        parts=("analysts",),
    ),
    Kind(
        "business_calendars",
        "business calendar",
        schema.BusinessCalendarItem,
        BusinessCalendar,
        lists={"days": _LINES},
    ),
    Kind(
        "agreements",
        "agreement",
        schema.AgreementItem,
        Agreement,
        lists={"breach_tells": _COMMAS},
        references={
            "calendar": "business_calendars",
            "partition": "partitions",
            "organisation": "organisations",
            "issue_type": "issue_types",
            "group": "groups",
        },
        parts=("targets", "levels", "people"),
    ),
    Kind(
        "request_types",
        "request type",
        schema.RequestTypeItem,
        RequestType,
        references={"partition": "partitions", "group": "groups", "analyst": "people"},
        parts=("steps",),
    ),
    Kind(
        "incoming_accounts",
        "incoming account",
        schema.IncomingAccountItem,
        IncomingAccount,
        lists={
            "folder": _ONE_A_LINE,
            "trusted_hosts": _WORDS,
            "trusted_sealers": _WORDS,
            "gateway_tags": _LINES,
            "blocked_senders": _WORDS,
            "reject_subjects": _LINES,
            "spam_headers": _LINES,
            "word_languages": _WORDS,
        },
        references={"template": "call_templates", "default_logging_analyst": "people"},
    ),
    Kind(
        "outgoing_servers",
        "outgoing server",
        schema.OutgoingServerItem,
        OutgoingServer,
        lists={"sender_domains": _WORDS},
        references={"partition": "partitions"},
    ),
    Kind(
        "snippets",
        "snippet",
        schema.SnippetItem,
        Snippet,
        references={"partition": "partitions"},
    ),
    Kind("layouts", "layout", schema.LayoutItem, Layout, parts=("html", "text")),
    Kind(
        "templates",
        "template",
        schema.TemplateItem,
        Template,
        columns={"message_type": "type_code"},
        references={"layout": "layouts"},
        parts=("files", "languages", "used"),
    ),
    Kind(
        "retention_rules",
        "retention rule",
        schema.RetentionRuleItem,
        RetentionRule,
        references={"partition": "partitions"},
    ),
)
BY_SECTION = {kind.section: kind for kind in KINDS}
