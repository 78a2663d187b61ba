"""The addresses of all pages."""

urlpatterns: list[object] = []
