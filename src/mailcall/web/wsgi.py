"""Where a web server finds the pages."""

import os

from django.core.wsgi import get_wsgi_application

from mailcall.config import config
from mailcall.logs import set_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailcall.settings")

set_up(config().log_format, config().log_level)
application = get_wsgi_application()
