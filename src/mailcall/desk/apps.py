"""Django's registration of the desk."""

from django.apps import AppConfig
from django.core.files.storage import storages


class DeskConfig(AppConfig):
    """People, partitions, calls, requests."""

    name = "mailcall.desk"

    def ready(self) -> None:
        """Find out now whether the file storage of the settings can be used, not with the first mail."""
        storages["default"]
