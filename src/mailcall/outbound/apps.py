"""Django's registration of the way out."""

from django.apps import AppConfig


class OutboundConfig(AppConfig):
    """Message types, the message table, outgoing servers."""

    name = "mailcall.outbound"

    def ready(self) -> None:
        """Listen to the desk."""
        from mailcall.desk import events
        from mailcall.outbound import notify, service_level_notices, tokens, work_notices

        events.subscribe(notify.on_events)
        events.subscribe_to_work(tokens.revoke_what_changed)
        events.subscribe_to_work(work_notices.on_work_events)
        events.subscribe_to_work(service_level_notices.on_work_events)
