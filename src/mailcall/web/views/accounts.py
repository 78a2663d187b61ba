"""How the incoming accounts and the outgoing servers are doing."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mailcall.config import config
from mailcall.inbound.models import IncomingAccount, MailState, ReceivedMail
from mailcall.outbound.models import OutgoingServer
from mailcall.web.access import analysts_only


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """The status page."""
    incoming = IncomingAccount.objects.select_related("template__partition").defer("password")
    waiting = dict(
        ReceivedMail.not_done()
        .filter(state=MailState.NEW)
        .order_by()
        .values_list("account")
        .annotate(waiting=Count("pk"))
    )
    context = {
        "incoming": [(account, waiting.get(account.pk, 0)) for account in incoming],
        "outgoing": OutgoingServer.objects.select_related("partition").defer("password"),
        "now": timezone.now(),
        "check_interval": config().check_interval,
    }
    return render(request, "web/accounts.html", context)
