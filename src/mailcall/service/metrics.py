"""Shows Prometheus what this process counted, and what the tables hold; tells orchestrators how it is."""

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from django.db import Error, connection
from django.db.models import Count
from django.utils import timezone
from prometheus_client import REGISTRY, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mailcall.config import config
from mailcall.desk.due import DUTIES, first_due_at
from mailcall.inbound.models import IncomingAccount, MailState, ReceivedMail
from mailcall.mailbox.interface import Security
from mailcall.outbound.models import WAITING_STATES, Delivery, DeliveryState, OutgoingServer
from mailcall.service import health, round_trip, waiting
from mailcall.service.models import RoundTrip

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from mailcall.service.waiting import Waiting

log = structlog.get_logger("service.metrics")

OPEN_STATES = (*WAITING_STATES, DeliveryState.SENDING, DeliveryState.HELD)


class Tables(Collector):
    """Gauges read from the tables when they are asked for: each by an index, whatever the desk's size."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """All of them; only `mailcall_up` is 0 when the database can't be asked."""
        up = GaugeMetricFamily("mailcall_up", "Whether the database answers.")
        try:
            found = [gauge for part in PARTS for gauge in part()]
        except Error as error:
            log.warning("tables can't be measured", error=str(error))
            found = []
        up.add_metric([], float(bool(found)))
        return [up, *found]


def _mails() -> Iterator[GaugeMetricFamily]:
    mails = ReceivedMail.not_done().order_by()
    count = GaugeMetricFamily("mailcall_mails", "Mails of the journal that are not done.", labels=["state"])
    for state, number in mails.values_list("state").annotate(Count("pk")):
        count.add_metric([state], number)
    yield count
    yield _age(
        "mailcall_oldest_mail_seconds",
        "How long the oldest mail that is not done and not held has waited.",
        mails.filter(state=MailState.NEW),
        "received_at",
    )
    yield GaugeMetricFamily(
        "mailcall_mail_overdue_seconds",
        "For how long the mail has been due that has been so longest.",
        value=_seconds_since(waiting.mail_overdue_since(timezone.now())),
    )


def _deliveries() -> Iterator[GaugeMetricFamily]:
    deliveries = Delivery.unfinished().filter(state__in=OPEN_STATES).order_by()
    count = GaugeMetricFamily(
        "mailcall_deliveries_open",
        "Recipients whose mail is not settled, by state and by the server that tried last.",
        labels=["state", "server"],
    )
    for state, server, number in deliveries.values_list("state", "server__name").annotate(Count("pk")):
        count.add_metric([state, server or ""], number)
    yield count
    yield _age(
        "mailcall_oldest_delivery_seconds",
        "How long the oldest recipient has waited who was not tried yet.",
        deliveries.filter(state=DeliveryState.QUEUED),
        "created_at",
    )
    yield GaugeMetricFamily(
        "mailcall_delivery_overdue_seconds",
        "For how long the delivery has been due that has been so longest.",
        value=_seconds_since(waiting.delivery_overdue_since(timezone.now())),
    )


def _accounts() -> Iterator[GaugeMetricFamily]:
    good = GaugeMetricFamily(
        "mailcall_account_last_good_timestamp_seconds", "When an account was last checked with success.",
        labels=["account"],
    )  # fmt: skip
    failing = GaugeMetricFamily(
        "mailcall_account_failing", "Whether the last check of an account failed.", labels=["account"]
    )
    unchecked = GaugeMetricFamily(
        "mailcall_account_unchecked_seconds",
        "For how long an account was not checked with success; a new one, since it was first seen.",
        labels=["account"],
    )
    late_after = GaugeMetricFamily(
        "mailcall_account_late_after_seconds", "How long that may last, by the account's interval.",
        labels=["account"],
    )  # fmt: skip
    now = timezone.now()
    for account in IncomingAccount.to_collect().defer("password"):
        good.add_metric([account.name], account.last_good_at.timestamp() if account.last_good_at else 0.0)
        failing.add_metric([account.name], float(bool(account.last_error)))
        since = waiting.unchecked_since(account, now)
        unchecked.add_metric([account.name], (now - since).total_seconds())
        late_after.add_metric([account.name], waiting.late_after(account).total_seconds())
    yield from (good, failing, unchecked, late_after)


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


def _certificates() -> Iterator[GaugeMetricFamily]:
    gauge = GaugeMetricFamily(
        "mailcall_certificate_expiry_timestamp_seconds",
        "When the certificate expires that a mail server last showed.",
        labels=["kind", "name"],
    )
    accounts = IncomingAccount.to_collect().exclude(security=Security.PLAIN)
    servers = OutgoingServer.objects.filter(active=True).exclude(security="plain")
    for kind, rows in (("incoming", accounts), ("outgoing", servers)):
        for name, ends in rows.values_list("name", "certificate_ends_at"):
            if ends:
                gauge.add_metric([kind, name], ends.timestamp())
    yield gauge


def _round_trips() -> Iterator[GaugeMetricFamily]:
    seconds = GaugeMetricFamily(
        "mailcall_round_trip_seconds", "How long the last round-trip mail was on its way.", labels=["account"]
    )
    good = GaugeMetricFamily(
        "mailcall_round_trip_last_good_timestamp_seconds", "When one last came back.", labels=["account"]
    )
    waiting_for = GaugeMetricFamily(
        "mailcall_round_trip_waiting_seconds",
        "How long ago the first was sent of those that did not come back.",
        labels=["account"],
    )
    limit = GaugeMetricFamily(
        "mailcall_round_trip_limit_seconds", "How long one may take, by the settings.", labels=["account"]
    )
    trip = RoundTrip.objects.filter(account=round_trip.watched_account()).select_related("account").first()
    if trip:
        account = [trip.account.name]
        good.add_metric(account, trip.last_good_at.timestamp() if trip.last_good_at else 0.0)
        limit.add_metric(account, config().round_trip_limit)
        waited = timezone.now() - trip.waiting_since if trip.waiting_since else dt.timedelta()
        waiting_for.add_metric(account, waited.total_seconds())
        if trip.seconds is not None:
            seconds.add_metric(account, trip.seconds)
    yield from (seconds, good, waiting_for, limit)


def _due() -> Iterator[GaugeMetricFamily]:
    overdue = GaugeMetricFamily(
        "mailcall_due_overdue_seconds",
        "For how long what the clock brings to tasks and calls has been due that has been so longest.",
        labels=["what"],
    )
    now = timezone.now()
    for duty in DUTIES:
        at = first_due_at(duty)
        overdue.add_metric([duty.name], max(0.0, (now - at).total_seconds()) if at else 0.0)
    yield overdue


PARTS = (_mails, _deliveries, _accounts, _servers, _certificates, _round_trips, _due)


def _age(name: str, about: str, rows: "Waiting", field: str) -> GaugeMetricFamily:
    """Of the first row, which is the oldest; found by its key, however many wait."""
    oldest = rows.order_by("pk").values_list(field, flat=True).first()
    return GaugeMetricFamily(name, about, value=_seconds_since(oldest))


def _seconds_since(moment: dt.datetime | None) -> float:
    return (timezone.now() - moment).total_seconds() if moment else 0.0


_show = make_wsgi_app()


def _answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """`/healthz`, `/readyz` and `/metrics`; nothing else, so that a probe that is misspelt is not good."""
    asked = {"/healthz": health.ailment, "/readyz": health.unreadiness}.get(environ["PATH_INFO"])
    try:
        if asked is None and environ["PATH_INFO"] != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"Here are /metrics, /healthz and /readyz.\n"]
        if asked is None:
            shown: Iterable[bytes] = _show(environ, start_response)
            return shown
        trouble = asked()
    finally:
        connection.close()  # of a thread that answers one question
    status = "503 Service Unavailable" if trouble else "200 OK"
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")])
    return [f"{trouble or 'ok'}\n".encode()]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: it would be a line for each question."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[_Quiet]) -> None:
        self.address_family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
        super().__init__(address, handler)


def serve(listen: str) -> Callable[[], None]:
    """Answer at `address:port` on threads until the function given is called. Raises OSError."""
    host, _, port = listen.rpartition(":")
    health.begin()
    server = make_server(host.strip("[]"), int(port), _answer, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    tables = Tables()
    REGISTRY.register(tables)
    log.info("metrics served", listen=listen)

    def end() -> None:
        REGISTRY.unregister(tables)
        server.shutdown()
        server.server_close()
        thread.join(5)

    return end
