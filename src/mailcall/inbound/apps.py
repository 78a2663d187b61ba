"""Django's registration of the way in."""

from django.apps import AppConfig


class InboundConfig(AppConfig):
    """Accounts, the journal, the rules."""

    name = "mailcall.inbound"
