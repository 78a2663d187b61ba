"""Shows Prometheus what this process counted, and what the tables hold at that moment."""

from collections.abc import Callable, Iterable, Iterator
from wsgiref.simple_server import WSGIServer

import structlog
from django.db import DatabaseError, close_old_connections
from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mailcall.inbound.models import IncomingAccount, MailState, ReceivedMail
from mailcall.outbound.models import WAITING_STATES, Delivery, DeliveryState, OutgoingServer

log = structlog.get_logger("service.metrics")

OPEN_STATES = (*WAITING_STATES, DeliveryState.SENDING, DeliveryState.HELD)  # few rows, found by an index


class Tables(Collector):
    """Gauges read from the tables when they are asked for: each by an index, whatever the desk's size."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """All of them; only `mailcall_up` is 0 when the database can't be asked."""
        up = GaugeMetricFamily("mailcall_up", "Whether the database answers.")
        try:
            found = [gauge for part in (_mails, _deliveries, _accounts, _servers) for gauge in part()]
        except DatabaseError as error:
            log.warning("tables can't be measured", error=str(error))
            found = []
        finally:
            close_old_connections()
        up.add_metric([], float(bool(found)))
        return [up, *found]


def _mails() -> Iterator[GaugeMetricFamily]:
    waiting = ReceivedMail.objects.filter(state__in=[MailState.NEW, MailState.HELD]).order_by()
    yield _by_state("mailcall_mails", "Mails of the journal that are not done.", waiting)
    yield _age(
        "mailcall_oldest_mail_seconds",
        "How long the oldest mail that is not done and not held has waited.",
        waiting.filter(state=MailState.NEW),
        "received_at",
    )


def _deliveries() -> Iterator[GaugeMetricFamily]:
    waiting = Delivery.objects.filter(state__in=OPEN_STATES).order_by()
    yield _by_state("mailcall_deliveries_open", "Recipients whose mail is not settled.", waiting)
    yield _age(
        "mailcall_oldest_delivery_seconds",
        "How long the oldest recipient has waited who was not tried yet.",
        waiting.filter(state=DeliveryState.QUEUED),
        "created_at",
    )


def _accounts() -> Iterator[GaugeMetricFamily]:
    good = GaugeMetricFamily(
        "mailcall_account_last_good_timestamp_seconds", "When an account was last checked with success.",
        labels=["account"],
    )  # fmt: skip
    failing = GaugeMetricFamily(
        "mailcall_account_failing", "Whether the last check of an account failed.", labels=["account"]
    )
    for account in IncomingAccount.to_collect().defer("password"):
        good.add_metric([account.name], account.last_good_at.timestamp() if account.last_good_at else 0.0)
        failing.add_metric([account.name], float(bool(account.last_error)))
    yield good
    yield failing


def _servers() -> Iterator[GaugeMetricFamily]:
    breaker = GaugeMetricFamily(
        "mailcall_server_breaker_open", "Whether an outgoing server is left alone for a while.",
        labels=["server"],
    )  # fmt: skip
    now = timezone.now()
    for server in OutgoingServer.objects.filter(active=True).defer("password"):
        is_open = bool(server.breaker_until and server.breaker_until > now)
        breaker.add_metric([server.name], float(is_open))
    yield breaker


def _by_state(
    name: str, about: str, rows: "QuerySet[ReceivedMail] | QuerySet[Delivery]"
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, about, labels=["state"])
    for state, count in rows.values_list("state").annotate(Count("pk")):
        gauge.add_metric([state], count)
    return gauge


def _age(
    name: str, about: str, rows: "QuerySet[ReceivedMail] | QuerySet[Delivery]", field: str
) -> GaugeMetricFamily:
    oldest = rows.aggregate(oldest=Min(field))["oldest"]
    return GaugeMetricFamily(name, about, value=(timezone.now() - oldest).total_seconds() if oldest else 0.0)


def serve(listen: str) -> Callable[[], None]:
    """Answer Prometheus at `address:port` on a thread until the function given is called. Raises OSError."""
    host, _, port = listen.rpartition(":")
    tables = Tables()
    server: WSGIServer
    server, thread = start_http_server(int(port), host.strip("[]"))
    REGISTRY.register(tables)
    log.info("metrics served", listen=listen)

    def end() -> None:
        REGISTRY.unregister(tables)
        server.shutdown()
        server.server_close()
        thread.join(5)

    return end
