"""DKIM keys: made, checked against DNS, switched on and off by administrators."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from mailcall.config import config
from mailcall.desk.errors import Refused
from mailcall.desk.models import Partition
from mailcall.inbound.dns import Resolver
from mailcall.keyring import KeyringError
from mailcall.outbound import dkim_keys
from mailcall.outbound.models import DkimKey
from mailcall.web.access import administrators_only
from mailcall.web.acting import UNPROCESSABLE


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def index(request: HttpRequest) -> HttpResponse:
    """All keys with the records to publish for them; or make one."""
    if request.method != "POST":
        return _page(request)
    domain, selector = request.POST.get("domain", "")[:260], request.POST.get("selector", "")[:70]
    try:
        key = dkim_keys.make(domain, selector)
    except Refused as refusal:
        return _page(request, problem=str(refusal), domain=domain, selector=selector)
    messages.success(request, f"Publish the record of {key.record_name}, then switch the key on.")
    return redirect("web:dkim")


@require_POST
@administrators_only
def do(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a key on or off, or delete it."""
    key = get_object_or_404(DkimKey, pk=pk)
    action = _ACTIONS.get(request.POST.get("do", ""), _nothing)
    try:
        messages.success(request, action(key))
    except (Refused, KeyringError) as refusal:
        return _page(request, problem=str(refusal), unpublished=key)
    return redirect("web:dkim")


def look_up(name: str) -> str:
    """What DNS says by now: what was asked for a moment ago may be published since. Raises LookupFailed."""
    return Resolver(config().name_servers).lookup(name)


def _on(key: DkimKey) -> str:
    dkim_keys.refuse_unpublished(key, look_up)
    return _unchecked(key)


def _unchecked(key: DkimKey) -> str:
    dkim_keys.switch_on(key)
    return f"Mail from {key.domain} is signed with {key.selector} from now on."


def _off(key: DkimKey) -> str:
    dkim_keys.switch_off(key)
    return f"Mail from {key.domain} is no longer signed with {key.selector}."


def _remove(key: DkimKey) -> str:
    dkim_keys.remove(key)
    return f"The key {key.selector} of {key.domain} is deleted."


def _nothing(key: DkimKey) -> str:
    raise Refused("There is no such operation.")


def _page(
    request: HttpRequest,
    *,
    problem: str = "",
    domain: str = "",
    selector: str = "",
    unpublished: DkimKey | None = None,
) -> HttpResponse:
    keys = [(key, *_record(key)) for key in DkimKey.objects.all()]
    addresses = Partition.objects.values_list("address", flat=True)
    context = {
        "keys": keys,
        "problem": problem,
        "domain": domain,
        "selector": selector,
        "unpublished": unpublished,
        "domains": sorted({address.rpartition("@")[2] for address in addresses}),
    }
    return render(request, "web/servers/dkim.html", context, status=UNPROCESSABLE if problem else 200)


def _record(key: DkimKey) -> tuple[str, str]:
    """What to publish for a key, or why that can't be told."""
    try:
        return dkim_keys.txt_value(key), ""
    except (KeyringError, ValueError) as error:
        return "", str(error)


_ACTIONS: Mapping[str, Callable[[DkimKey], str]] = {
    "on": _on,
    "unchecked": _unchecked,
    "off": _off,
    "remove": _remove,
}
