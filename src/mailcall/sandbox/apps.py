"""Django's registration of the sandbox."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Mailboxes to look into; shown only in the demo."""

    name = "mailcall.sandbox"
