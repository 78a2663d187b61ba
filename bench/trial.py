"""`python bench/trial.py [MAILS]`: how long it takes to try other rules on the mail of a month.

A tenth of the letters are commands; nobody's sender is proved but what the gateway marks. The desk is one on
SQLite, made by acting on the letters.
"""

import datetime as dt
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "bench")]
FOLDER = tempfile.mkdtemp(prefix="mc-trial-", dir="/tmp")
os.environ |= {"MAILCALL_DATA_DIR": FOLDER, "DJANGO_SETTINGS_MODULE": "mailcall.settings"}
os.environ["MAILCALL_VERIFY_DKIM"] = "false"

MAILS = 10_000
CHANGES: dict[str, dict[str, object]] = {
    "the same rules": {},
    "an entry of the reject list": {"reject_subjects": "invoice"},
    "words of four languages": {"word_languages": "de fr es it"},
    "known people only": {"known_people_only": True},
    "proof for summaries": {"proofs": {"summary": "authenticated"}},
    "proof for every call that is logged": {"proofs": {"log call": "authenticated"}},
}


def main(mails: int) -> None:
    """Print for each change the seconds, and how many mails were read and would be decided otherwise."""
    import django
    import structlog

    django.setup()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    from dataclasses import replace

    from django.utils import timezone

    from mailcall.inbound.trial import Rules, Trial, total

    account = _desk(mails)
    for name, changes in CHANGES.items():
        changed = replace(Rules.of(account), **changes).on(account)  # type: ignore[arg-type]
        now = timezone.now()
        begun, computed = time.perf_counter(), time.process_time()
        tried = total(Trial(account, changed, now - dt.timedelta(days=30), now).parts())
        seconds, computed = time.perf_counter() - begun, time.process_time() - computed
        print(
            f"{name:<36} {seconds:6.2f} s ({computed:.2f} s of computing)  looked at {tried.looked}, "
            f"read {tried.read}, otherwise {len(tried.otherwise)}",
            flush=True,
        )


def _desk(mails: int) -> object:
    from django.core.management import call_command

    from correspondence import INTERNAL, Correspondence
    from mailcall.desk.models import CallTemplate, Partition
    from mailcall.inbound.accept import Arriving, accept
    from mailcall.inbound.act import act_on_all
    from mailcall.inbound.models import IncomingAccount

    call_command("migrate", verbosity=0)
    partition = Partition.objects.create(name="IT", address="support@desk.example")
    template = CallTemplate.objects.create(name="Mail", partition=partition)
    account = IncomingAccount.objects.create(
        name="Support",
        address="support@desk.example",
        protocol="fed",
        template=template,
        internal_marker=INTERNAL,
    )
    begun = time.perf_counter()
    for letter in Correspondence(commands=0.1).letters(mails):
        with Arriving() as arriving:
            arriving.write(letter.raw)
            accept(account, arriving)
    print(f"{mails} mails journalled in {time.perf_counter() - begun:.0f} s", flush=True)
    begun = time.perf_counter()
    done = sum(act_on_all())
    print(f"{done} acted on in {time.perf_counter() - begun:.0f} s", flush=True)
    return account


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else MAILS)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
