"""Django's registration of what is done with whole desks."""

from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    """The record of a move."""

    name = "mailcall.upkeep"
