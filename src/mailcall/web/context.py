"""What every page knows."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from mailcall import __version__
from mailcall.config import config
from mailcall.desk.delegations import waiting_for
from mailcall.desk.state_names import StateNames
from mailcall.inbound.confirming import waiting_for_word
from mailcall.inbound.models import MailState, ReceivedMail
from mailcall.outbound.models import Notice
from mailcall.web.access import may_see, visible_partitions
from mailcall.web.models import Login

HELD_SHOWN = 99
_UNDER = {"confirmations": "approvals", "delegations": "approvals", "trial": "mails"}


def site(request: HttpRequest) -> dict[str, Any]:
    """The product's version, whether this is the demo, and what the navigation shows."""
    demo = config().demo
    login = getattr(request, "user", None)
    sees_pages = isinstance(login, Login) and may_see(login)
    return {
        "mailcall_version": __version__,
        "demo": demo,
        "demo_sign_ins": _demo_sign_ins() if demo else (),
        "section": _section(request.path),
        "sees_pages": sees_pages,
        "state_names": StateNames(),
        "approvals_count": SimpleLazyObject(lambda: _approvals_count(login)),
        "asked_count": SimpleLazyObject(lambda: _asked_count(login)),
        "notices_count": SimpleLazyObject(lambda: _notices_count(login)),
        "held_count": SimpleLazyObject(lambda: _held_count(request)) if sees_pages else 0,
    }


def _section(path: str) -> str:
    """Under which entry of the navigation a page is, by that entry's address."""
    first = path.split("/")[1]
    return f"/{_UNDER.get(first, first)}/".replace("//", "/")


def _demo_sign_ins() -> Sequence[tuple[str, str, str]]:
    """The sample's sign-ins as (label, address, password)."""
    return getattr(apps.get_app_config("sandbox"), "sign_ins", ())


def _held_count(request: HttpRequest) -> int:
    """How many mails are held that they may see, counted up to one more than is shown."""
    held = ReceivedMail.not_done().filter(state=MailState.HELD).order_by()
    partitions = visible_partitions(request)
    if partitions is not None:
        held = held.filter(account__template__partition__in=partitions)
    return held[: HELD_SHOWN + 1].count()


def _approvals_count(login: object) -> int:
    """How many approvals wait for whoever is signed in, counted like the held mails."""
    person = login.person if isinstance(login, Login) else None
    return waiting_for(person, timezone.now()).order_by()[: HELD_SHOWN + 1].count() if person else 0


def _asked_count(login: object) -> int:
    """How many mails wait for the word of whoever is signed in that they are theirs, counted likewise."""
    person = login.person if isinstance(login, Login) else None
    return waiting_for_word(person, timezone.now()).order_by()[: HELD_SHOWN + 1].count() if person else 0


def _notices_count(login: object) -> int:
    """How many notices whoever is signed in has not seen, counted like the held mails."""
    person = login.person if isinstance(login, Login) else None
    unseen = Notice.objects.filter(person=person, seen_at=None).order_by()
    return unseen[: HELD_SHOWN + 1].count() if person else 0
