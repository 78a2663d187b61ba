"""The addresses of pages about mail that leaves: servers, the outbox, suppressed addresses."""

from django.urls import path

from mailcall.web.access import public
from mailcall.web.views import dkim, outbox, servers, suppressed, unsubscribing

mail_out_pages = [
    path("servers/new/", servers.new, name="server-new"),
    path("servers/<int:pk>/", servers.show, name="server"),
    path("servers/<int:pk>/edit/", servers.edit, name="server-edit"),
    path("servers/<int:pk>/switch/", servers.switch, name="server-switch"),
    path("servers/<int:pk>/test/", servers.test, name="server-test"),
    path("dkim/", dkim.index, name="dkim"),
    path("dkim/<int:pk>/", dkim.do, name="dkim-do"),
    path("outbox/", outbox.index, name="outbox"),
    path("outbox/do/", outbox.do_to_all, name="outbox-do"),
    path("outbox/undo/", outbox.undo, name="outbox-undo"),
    path("deliveries/<int:pk>/address/", outbox.change_address, name="delivery-address"),
    path("unsubscribe/<str:token>/", public(unsubscribing.show), name="unsubscribe"),
    path("suppressed/", suppressed.index, name="suppressed"),
    path("suppressed/<int:pk>/release/", suppressed.release, name="suppressed-release"),
]
