"""Django's registration of the Messaging Service."""

from django.apps import AppConfig


class ServiceConfig(AppConfig):
    """The service's own clock."""

    name = "mailcall.service"
