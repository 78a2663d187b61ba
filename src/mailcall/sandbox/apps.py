"""Django's registration of the sandbox."""

from django.apps import AppConfig

from mailcall.sandbox.sign_ins import SIGN_INS


class SandboxConfig(AppConfig):
    """Mailboxes to look into; shown only in the demo."""

    name = "mailcall.sandbox"
    sign_ins = SIGN_INS
