"""Django's registration of the desk."""

from django.apps import AppConfig
from django.core.files.storage import storages
from django.db.models.signals import post_save


class DeskConfig(AppConfig):
    """People, partitions, calls, requests."""

    name = "mailcall.desk"

    def ready(self) -> None:
        """Find out now whether the file storage of the settings can be used, not with the first mail.

        And have the clocks of service levels follow what happens.
        """
        storages["default"]
        from mailcall.desk import agreements, clocks, events
        from mailcall.desk.models import Agreement

        events.subscribe(clocks.on_events)
        events.subscribe_to_work(clocks.on_work_events)
        post_save.connect(agreements.look_again, Agreement)
