"""Django's registration of the Messaging Service."""

from django.apps import AppConfig


class ServiceConfig(AppConfig):
    """Leases and the service's own clock."""

    name = "mailcall.service"
