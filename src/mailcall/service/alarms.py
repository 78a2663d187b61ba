"""Alarms: what a person must hear of leaves by a program or a web hook, since mail may be what is broken."""

import datetime as dt
import json
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.utils import timezone

from mailcall.config import config
from mailcall.inbound.models import IncomingAccount, MailState, ReceivedMail
from mailcall.mailbox.interface import Security
from mailcall.outbound.deliver import BREAKER_SECONDS
from mailcall.outbound.models import Delivery, DeliveryState, OutgoingServer, Template
from mailcall.service import round_trip
from mailcall.service.models import Alarm
from mailcall.service.waiting import (
    PATIENCE,
    delivery_overdue_since,
    late_after,
    mail_overdue_since,
    note_watched,
    unchecked_since,
)

log = structlog.get_logger("service.alarms")

PUT_OFF_PATIENCE = dt.timedelta(hours=4)  # after which mail servers warn of delayed mail, by custom
MANY = 10  # recipients, whom no greylisting puts off for so long
MANY_PATIENCE = dt.timedelta(minutes=30)
REPEAT = dt.timedelta(hours=4)
NOTICE = dt.timedelta(days=14)  # before a certificate expires
LEAST_FREE_BYTES = 500 * 1024 * 1024
ACCOUNT = "account "  # and its key
MOST_MAILBOXES = 5  # that are told one by one, if they fail at once
DISK = "disk "  # and the host
SAID_LATELY = dt.timedelta(minutes=2)  # workers say it every 10 seconds, by clocks that differ
TELL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong now: a key that stays the same while it lasts, and a sentence."""

    key: str
    sentence: str


def watch(since: dt.datetime) -> None:
    """Raise what is wrong and was not told lately; clear what is over. `since`: when this service began."""
    now = timezone.now()
    troubles = {trouble.key: trouble for trouble in _troubles(now, since)}
    known = {alarm.key: alarm for alarm in Alarm.objects.all()}
    last_told = {key: known[key].told_at if key in known else None for key in troubles}
    to_tell = {
        key: trouble.sentence
        for key, trouble in troubles.items()
        if (at := last_told[key]) is None or now - at >= REPEAT
    }
    for key, sentence in to_tell.items():
        log.error("alarm", key=key, sentence=sentence)
    last_told |= dict.fromkeys(_tell_all(to_tell, over=False), now)
    for key, trouble in troubles.items():
        alarm = known.get(key)
        if alarm is None or (alarm.sentence, alarm.told_at) != (trouble.sentence, last_told[key]):
            _save(key, now, sentence=trouble.sentence, told_at=last_told[key])
    _clear([alarm for key, alarm in known.items() if key not in troubles])


def _clear(alarms: list[Alarm]) -> None:
    """Forget what is over; first tell so, where it was told that it is."""
    for alarm in alarms:
        log.info("alarm over", key=alarm.key, sentence=alarm.sentence)
    done = _tell_all({a.key: f"Over: {a.sentence}" for a in alarms if a.told_at}, over=True)
    done |= {alarm.key for alarm in alarms if alarm.told_at is None}
    Alarm.objects.filter(key__in=done).delete()


def _tell_all(sentences: dict[str, str], *, over: bool) -> set[str]:
    """The keys of those that were told. Many mailboxes are told as one, since each may take TELL_SECONDS."""
    told = set[str]()
    mailboxes = [key for key in sentences if key.startswith(ACCOUNT)]
    if len(mailboxes) > MOST_MAILBOXES:
        sentences = {key: sentence for key, sentence in sentences.items() if key not in mailboxes}
        if tell("accounts", f"{'Over: ' if over else ''}{_together(mailboxes)}", over=over):
            told.update(mailboxes)
    return told | {key for key, sentence in sentences.items() if tell(key, sentence, over=over)}


def _together(keys: list[str]) -> str:
    accounts = IncomingAccount.objects.filter(pk__in=[int(key.removeprefix(ACCOUNT)) for key in keys])
    names = ", ".join(accounts.values_list("name", flat=True)[:MOST_MAILBOXES])
    return f"{len(keys)} mailboxes were not checked with success, among them those of: {names}."


def note_disk() -> None:
    """Say that this machine's disk is nearly full: each worker for its own, since none sees another's."""
    now = timezone.now()
    if trouble := _own_disk():
        _save(trouble.key, now, sentence=trouble.sentence, seen_at=now)


def _save(key: str, now: dt.datetime, **fields: object) -> None:
    """Others may write the same alarm at the same moment."""
    Alarm.objects.update_or_create(
        key=key, defaults=fields, create_defaults={**fields, "key": key, "raised_at": now}
    )


def _troubles(now: dt.datetime, since: dt.datetime) -> Iterator[Trouble]:
    yield from _mailboxes(now, since)
    yield from _certificates(now)
    yield from _backlog(now, since)
    yield from _put_off(now)
    yield from _held()
    yield from _servers()
    yield from _templates()
    if sentence := round_trip.trouble(now, since):
        yield Trouble("round trip", sentence)
    yield from _disks(now)


def _disks(now: dt.datetime) -> Iterator[Trouble]:
    """Of this machine as it is, of the others as they said lately; what one no longer says is over."""
    for alarm in Alarm.objects.filter(key__startswith=DISK, seen_at__gt=now - SAID_LATELY):
        if alarm.key != _disk_key():
            yield Trouble(alarm.key, alarm.sentence)
    if trouble := _own_disk():
        yield trouble


def _own_disk() -> Trouble | None:
    free = shutil.disk_usage(config().data_dir).free
    if free >= LEAST_FREE_BYTES:
        return None
    where = f"The data folder of {socket.gethostname()}"
    return Trouble(_disk_key(), f"{where} has less than {LEAST_FREE_BYTES // 1024 // 1024} MB left.")


def _disk_key() -> str:
    return f"{DISK}{socket.gethostname()[:60]}"


def _mailboxes(now: dt.datetime, since: dt.datetime) -> Iterator[Trouble]:
    note_watched(now)
    for account in IncomingAccount.to_collect().defer("password"):
        good = max(unchecked_since(account, now), since)
        if now - good > late_after(account):
            why = f" {account.last_error}" if account.last_error else ""
            yield Trouble(
                f"{ACCOUNT}{account.pk}",
                f"The mailbox of account {account.name} was not checked with success since "
                f"{good:%Y-%m-%d %H:%M} UTC.{why}",
            )


def _certificates(now: dt.datetime) -> Iterator[Trouble]:
    soon = {"certificate_ends_at__lt": now + NOTICE}
    accounts = IncomingAccount.to_collect().exclude(security=Security.PLAIN).filter(**soon)
    servers = OutgoingServer.objects.filter(active=True).exclude(security="plain").filter(**soon)
    for kind, rows in (("account", accounts), ("server", servers)):
        for pk, name, ends in rows.values_list("pk", "name", "certificate_ends_at"):
            whose = f"the mail server of account {name}" if kind == "account" else f"outgoing server {name}"
            expires = "expired" if ends and ends <= now else "expires"
            yield Trouble(
                f"certificate of {kind} {pk}",
                f"The certificate of {whose}, as it was last seen, {expires} on "
                f"{ends:%Y-%m-%d at %H:%M} UTC.",
            )


def _backlog(now: dt.datetime, since: dt.datetime) -> Iterator[Trouble]:
    for key, what, oldest in (
        ("mails", "received mail waits to be acted on", mail_overdue_since(now)),
        ("deliveries", "outgoing mail waits to be sent", delivery_overdue_since(now)),
    ):
        if oldest and now - max(oldest, since) > PATIENCE:
            yield Trouble(key, f"The oldest {what} since {oldest:%Y-%m-%d %H:%M} UTC.")


def _put_off(now: dt.datetime) -> Iterator[Trouble]:
    """What was tried and is not overdue: one recipient that is greylisted for a while is no news."""
    tried = Delivery.unfinished().filter(state__in=(DeliveryState.DEFERRED, DeliveryState.UNKNOWN))
    oldest = list(tried.order_by("pk").values_list("created_at", flat=True)[:MANY])
    if not oldest:
        return
    if now - oldest[0] > PUT_OFF_PATIENCE or (len(oldest) == MANY and now - oldest[-1] > MANY_PATIENCE):
        count = f"{tried.count()} recipients" if len(oldest) > 1 else "1 recipient"
        yield Trouble(
            "put off",
            f"Mail to {count} was tried and could not be sent, the oldest since "
            f"{oldest[0]:%Y-%m-%d %H:%M} UTC.",
        )


def _held() -> Iterator[Trouble]:
    mails = ReceivedMail.not_done().filter(state=MailState.HELD).count()
    deliveries = Delivery.unfinished().filter(state=DeliveryState.HELD).count()
    for key, what, count in (("held", "received", mails), ("held deliveries", "outgoing", deliveries)):
        if count:
            yield Trouble(
                key, f"{count} {what} {'mail is' if count == 1 else 'mails are'} held for a person."
            )


def _servers() -> Iterator[Trouble]:
    """Those left alone for more than PATIENCE: the breaker's pauses before the last add up to that."""
    failing = OutgoingServer.objects.filter(active=True, breaker_failures__gte=len(BREAKER_SECONDS))
    for pk, name, error in failing.values_list("pk", "name", "last_error"):
        yield Trouble(f"server {pk}", f"The outgoing server {name} can't be used. {error}".strip())


def _templates() -> Iterator[Trouble]:
    """Those that failed, until they are changed; their mails were written by Mailcall's own."""
    for pk, name, why in Template.objects.exclude(trouble="").values_list("pk", "name", "trouble"):
        yield Trouble(
            f"template {pk}",
            f"The template {name} can't be used, and mails go out by the built-in one. {why}"[:500].strip(),
        )


def tell(key: str, sentence: str, *, over: bool) -> bool:
    """Send an alarm by every way that is set; whether it may count as told: one took it, or none is set."""
    ways = [way for way, setting in ((_run, config().alarm_command), (_post, config().alarm_url)) if setting]
    return not ways or any([way(key, sentence, over) for way in ways])  # noqa: C419  every way is tried


def _run(key: str, sentence: str, over: bool) -> bool:
    """Run the program with the sentence on standard input."""
    state = "over" if over else "raised"
    environment = {**os.environ, "MAILCALL_ALARM": key, "MAILCALL_ALARM_STATE": state}
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", config().alarm_command], input=f"{sentence}\n", text=True, env=environment,
            capture_output=True, timeout=TELL_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        log.error("alarm command failed", error=str(error))  # noqa: TRY400  the error says it all
        return False
    if done.returncode:
        log.error("alarm command failed", status=done.returncode, said=done.stderr[-500:])
    return done.returncode == 0


def _post(key: str, sentence: str, over: bool) -> bool:
    """Post it as JSON; `text` is what chat services show."""
    state = "over" if over else "raised"
    body = json.dumps({"text": f"Mailcall: {sentence}", "alarm": key, "state": state}).encode()
    request = urllib.request.Request(  # noqa: S310  the scheme is checked where the setting is read
        config().alarm_url, body, {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TELL_SECONDS):  # noqa: S310
            return True
    except OSError as error:
        log.error("alarm hook failed", error=str(error))  # noqa: TRY400  the error says it all
        return False
