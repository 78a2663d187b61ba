"""Django's registration of retention."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Retention rules and the audit of what was removed."""

    name = "mailcall.retention"
