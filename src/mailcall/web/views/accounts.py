"""How the incoming accounts and the outgoing servers are doing."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mailcall.config import config
from mailcall.inbound.models import MailState, ReceivedMail
from mailcall.outbound.models import OutgoingServer
from mailcall.web.access import analysts_only, visible_partitions
from mailcall.web.views.mails import accounts_of


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """The status page."""
    partitions = visible_partitions(request)
    incoming = accounts_of(partitions).select_related("template__partition").defer("password")
    outgoing = OutgoingServer.objects.select_related("partition").defer("password")
    if partitions is not None:
        outgoing = outgoing.filter(Q(partition=None) | Q(partition__in=partitions))
    waiting = dict(
        ReceivedMail.not_done()
        .filter(state=MailState.NEW)
        .order_by()
        .values_list("account")
        .annotate(waiting=Count("pk"))
    )
    context = {
        "incoming": [(account, waiting.get(account.pk, 0)) for account in incoming],
        "outgoing": outgoing,
        "now": timezone.now(),
        "check_interval": config().check_interval,
    }
    return render(request, "web/accounts.html", context)
