"""Outgoing servers: added, changed, switched off and tested by administrators."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.keyring import KeyringError
from mailcall.outbound.models import OutgoingServer
from mailcall.transport.interface import ServerTrouble
from mailcall.transport.probing import probe
from mailcall.web.access import administrators_only
from mailcall.web.server_forms import ServerForm
from mailcall.web.views.people import UNPROCESSABLE


@require_safe
@administrators_only
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One server with its settings."""
    return _page(request, _server(pk))


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def new(request: HttpRequest) -> HttpResponse:
    """Add a server."""
    return _edit(request, OutgoingServer())


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change its settings."""
    return _edit(request, _server(pk))


@require_POST
@administrators_only
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it on or off; a mail in hand is finished."""
    server = _server(pk)
    server.active = request.POST.get("active") == "on"
    server.close_breaker()
    server.save(update_fields=["active", *OutgoingServer.BREAKER])
    messages.success(request, f"{server} is {'on' if server.active else 'off'}.")
    return redirect("web:server", pk)


@require_POST
@administrators_only
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect and sign in, and say what was seen. No mail is sent."""
    server = _server(pk)
    try:
        seen = probe(server.protocol, server.transport_settings())
    except (ServerTrouble, KeyringError) as trouble:
        return _page(request, server, problem=str(trouble))
    server.close_breaker()
    server.save(update_fields=OutgoingServer.BREAKER)
    return _page(request, server, seen=seen)


def _edit(request: HttpRequest, server: OutgoingServer) -> HttpResponse:
    form = ServerForm(request.POST or None, instance=server, auto_id="thing_%s")
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"{server} is saved. Test it, before mail waits for it.")
        return redirect("web:server", server.pk)
    title = f"Server {form.initial['name']}" if server.pk else "A new server"
    context = {"form": form, "title": title, "is_new": server.pk is None}
    return render(request, "web/servers/form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _page(
    request: HttpRequest, server: OutgoingServer, *, seen: list[str] | None = None, problem: str = ""
) -> HttpResponse:
    context = {"server": server, "seen": seen, "problem": problem}
    return render(request, "web/servers/show.html", context)


def _server(pk: int) -> OutgoingServer:
    return get_object_or_404(OutgoingServer.objects.select_related("partition"), pk=pk)
