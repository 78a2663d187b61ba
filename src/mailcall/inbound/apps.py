"""Django's registration of the way in."""

from django.apps import AppConfig


class InboundConfig(AppConfig):
    """Accounts, the journal, the rules."""

    name = "mailcall.inbound"

    def ready(self) -> None:
        """Have the desk refuse names that subjects of mail mean already."""
        from mailcall.desk import naming
        from mailcall.inbound.naming import why_no_name

        naming.refuse_names(why_no_name)
