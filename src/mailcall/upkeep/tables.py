"""The tables of a desk, each after those that its rows name."""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from mailcall.inbound.models import Claim
from mailcall.service.models import Lease
from mailcall.upkeep.models import Move
from mailcall.upkeep.values import Column

# What is in the hands of a process that runs means nothing elsewhere; and the record of the move itself.
STAYING: tuple[type[Model], ...] = (Claim, Lease, Move)


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its primary key and its columns as PostgreSQL has them."""

    name: str
    key: str
    columns: tuple[Column, ...]

    @property
    def key_place(self) -> int:
        """Which of the columns is the key."""
        return [column.name for column in self.columns].index(self.key)

    @property
    def names(self) -> str:
        """The columns, for a statement."""
        return ", ".join(f'"{column.name}"' for column in self.columns)


def models() -> list[type[Model]]:
    """The models whose tables make up a desk, each after those that it refers to."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model not in STAYING
    ]
    order: TopologicalSorter[type[Model]] = TopologicalSorter()
    for model in found:
        order.add(model, *(named for named in _referred_to(model) if named is not model))
    return list(order.static_order())


def tables(connection: BaseDatabaseWrapper) -> list[Table]:
    """Their tables, as they are on this PostgreSQL."""
    return [
        Table(
            model._meta.db_table,
            str(model._meta.pk.column),
            tuple(
                Column.of(str(field.column), field.db_type(connection) or "")
                for field in model._meta.concrete_fields
            ),
        )
        for model in models()
    ]


def _referred_to(model: type[Model]) -> Iterator[type[Model]]:
    for field in model._meta.concrete_fields:
        if field.remote_field and isinstance(field.related_model, type):
            yield field.related_model
