"""Where a web server finds the pages."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailcall.settings")

application = get_wsgi_application()
