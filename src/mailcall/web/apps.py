"""Django's registration of the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Sign-ins and pages."""

    name = "mailcall.web"
