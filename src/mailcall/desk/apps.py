"""Django's registration of the desk."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """People, partitions, calls."""

    name = "mailcall.desk"
