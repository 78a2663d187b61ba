"""No table of a desk can be forgotten by a move."""

import pytest
from django.db import connection

from mailcall.upkeep.tables import STAYING, models

# Django's note of its migrations is made on the other side; the engine's nudges are given anew.
ELSEWHERE = ("django_migrations", "procrastinate_", "sqlite_")


@pytest.mark.django_db
def test_every_table_of_the_database_is_moved_or_stays_for_a_reason() -> None:
    there = {name for name in connection.introspection.table_names() if not name.startswith(ELSEWHERE)}
    moved = {model._meta.db_table for model in models()}
    staying = {model._meta.db_table for model in STAYING}
    assert there == moved | staying
    assert not moved & staying


def test_a_table_comes_after_those_that_its_rows_name() -> None:
    order = {model: place for place, model in enumerate(models())}
    for model, place in order.items():
        for field in model._meta.concrete_fields:
            named = field.related_model
            if field.remote_field and named is not model and field.db_constraint:
                assert order[named] < place
