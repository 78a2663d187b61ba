"""The product's addresses as the demo has them."""

from django.urls import include, path

from mailcall.web import urls

urlpatterns = [*urls.urlpatterns, path("sandbox/", include("mailcall.sandbox.urls"))]
handler404 = urls.handler404
