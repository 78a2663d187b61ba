"""The sandbox's pages; `mailcall.web.urls` includes them in the demo only."""

from django.urls import path

from mailcall.sandbox import views
from mailcall.web.access import public

app_name = "sandbox"
urlpatterns = [
    path("", public(views.index), name="mailboxes"),
    path("send/", public(views.send), name="send"),
    path("<str:address>/", public(views.mailbox), name="mailbox"),
    path("<str:address>/<str:key>/", public(views.mail), name="mail"),
    path("<str:address>/<str:key>/reply/", public(views.reply), name="reply"),
    path("<str:address>/<str:key>/html/", public(views.as_sent), name="mail-html"),
    path("<str:address>/<str:key>/raw/", public(views.raw), name="mail-raw"),
    path("<str:address>/<str:key>/files/<int:index>/", public(views.attachment), name="mail-file"),
]
