"""The coarse jobs over the tables: collect an account, act on a chunk, deliver a chunk, sweep."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from mailcall.config import config
from mailcall.inbound import act
from mailcall.inbound.collect import CollectFailed, collect, due
from mailcall.inbound.models import IncomingAccount
from mailcall.keyring import KeyringError
from mailcall.outbound import deliver, digests, sending
from mailcall.outbound.models import OutgoingServer
from mailcall.retention import running
from mailcall.service import alarms, clock, health, round_trip
from mailcall.service.duties import Duties
from mailcall.service.locks import Busy, Lost, acting, alone, alone_here
from mailcall.service.troubles import explain

log = structlog.get_logger("service.jobs")

Nudge = Callable[[str, str], None]


class Jobs:
    """The jobs of one process. Each looks at the tables, works alone on its part, and nudges the next."""

    def __init__(self, nudge: Nudge, stopping: Callable[[], bool]) -> None:
        """`nudge(job, argument)` has a job run; `stopping()` asks to end after the mail in hand."""
        self._nudge = nudge
        self._stopping = stopping
        self._lock = threading.Lock()
        self._began = timezone.now()
        self._reported: dict[str, str] = {}
        self._duties = Duties()

    def collect(self, account_id: str) -> None:
        """Bring an account's new mail into the journal."""
        with self._reporting(f"collect-{account_id}"), alone(f"collect-{account_id}") as lost:
            account = (
                IncomingAccount.to_collect()
                .select_related("template__partition")
                .filter(pk=int(account_id))
                .first()
            )
            if account:
                collect(account, stop=self._unless(lost), arrived=lambda: self._nudge("act", ""))

    def act(self, _: str = "") -> None:
        """Act on the journal until nothing is due."""
        with self._reporting("act"), acting() as lost:
            stop = self._unless(lost)
            for _mails in act.act_on_all(stop=stop):
                self._nudge_deliveries()
                if not config().embedded and act.has_work():
                    self._nudge("act", "")  # so that another worker joins in

    def deliver(self, server_id: str) -> None:
        """Send what is due through one server."""
        with self._reporting(f"deliver-{server_id}"), alone(f"deliver-{server_id}") as lost:
            server = OutgoingServer.objects.filter(pk=int(server_id)).first()
            if server and deliver.deliver(server, stop=self._unless(lost)):
                self._nudge_deliveries()

    def sweep(self, _: str = "") -> None:
        """Pick up whatever a lost nudge left, and check accounts whose interval has passed."""
        with self._reporting("sweep"):
            now = timezone.now()
            for account in IncomingAccount.to_collect().only("check_interval", "last_checked_at"):
                if due(account, now):
                    self._nudge("collect", str(account.pk))
            if act.has_work():
                self._nudge("act", "")
            round_trip.look()
            self._nudge_deliveries()
        health.beat("sweep")

    def clock(self, _: str = "") -> None:
        """See whether the machine's clock was set back."""
        with self._reporting("clock"):
            clock.watch()

    def alarms(self, _: str = "") -> None:
        """Tell people what they must hear of, by another channel than mail."""
        with self._reporting("alarms"), alone("alarms"):
            alarms.watch(self._began if config().embedded else clock.at_work_since(timezone.now()))

    def due(self, _: str = "") -> None:
        """Do what the clock brings to tasks and calls, and have digests and planned mails sent."""
        with self._reporting("due"), alone("due") as lost:
            self._duties.do(timezone.now(), self._unless(lost))
            digests.send_due(stop=self._unless(lost))
            sending.send_due(stop=self._unless(lost))

    def escalate(self, _: str = "") -> None:
        """Fire the clocks of service levels. On a server all workers do, each what no other has locked."""
        with self._reporting("escalate"), alone_here("escalate"):
            self._duties.escalate(timezone.now(), self._stopping, self._have_others_escalate)

    def _have_others_escalate(self) -> None:
        if not config().embedded:
            self._nudge("escalate", "")

    def retention(self, _: str = "") -> None:
        """Once a day, remove what the retention rules say."""
        hour = config().retention_hour
        with self._reporting("retention"):
            if running.has_work(timezone.now(), hour):
                with alone("retention") as lost:
                    running.work(timezone.now(), hour, self._unless(lost))

    def tidy(self, _: str = "") -> None:
        """Have others do what dead and frozen workers had in hand."""
        from mailcall.service.distributed import jobs_left_behind
        from mailcall.service.leases import forget_old

        with self._reporting("tidy"):
            for job, argument in jobs_left_behind():
                log.warning("job taken over from a dead worker", job=job, argument=argument)
                self._nudge(job, argument)
            forget_old()

    def _unless(self, lost: Lost) -> Callable[[], bool]:
        """When to end after the mail in hand: the service stops, or the work has passed to another."""
        return lambda: self._stopping() or lost()

    def _nudge_deliveries(self) -> None:
        for server in OutgoingServer.objects.all():  # an inactive one may have left mail in hand
            if deliver.has_work(server):
                self._nudge("deliver", str(server.pk))

    @contextmanager
    def _reporting(self, job: str) -> Iterator[None]:
        """Say what went wrong in one sentence, once until it changes; the next sweep tries again."""
        try:
            yield
        except Busy:
            return
        except CollectFailed as error:
            self._report(job, str(error))
        except (OperationalError, InterfaceError, KeyringError) as error:
            self._report(job, f"{explain(error)} Nothing is lost; it is tried again.")
        except OSError as error:
            self._report(job, f"{explain(error)} Nothing is lost; it is tried again.")
        else:
            with self._lock:
                if self._reported.pop(job, None):
                    log.info("works again", job=job)

    def _report(self, job: str, sentence: str) -> None:
        with self._lock:
            new = self._reported.get(job) != sentence
            self._reported[job] = sentence
        if new:
            log.error("job failed", job=job, error=sentence)
