"""Tokens that approval mails carry: given to one person for one decision, and counted at most once."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.utils import timezone

from mailcall.database.fields import ring
from mailcall.database.rows import insert_rows
from mailcall.desk import events
from mailcall.desk.models import Approval, Person, Request, Task
from mailcall.message import approval_tokens
from mailcall.message.approval_tokens import in_addresses, in_subject, in_text, masked
from mailcall.outbound.models import Token

__all__ = [
    "check",
    "find",
    "give",
    "give_all",
    "in_addresses",
    "in_subject",
    "in_text",
    "masked",
    "revoke_what_changed",
    "use",
]

LASTS = dt.timedelta(days=14)
UNKNOWN = "This token is none that this desk gave."


def give(approval: Approval, person: Person, now: dt.datetime) -> Token:
    """A new token for one person: who is asked, or a delegate of theirs."""
    return give_all([(approval, person)], now)[0]


def give_all(whom: Iterable[tuple[Approval, Person]], now: dt.datetime) -> list[Token]:
    """A new token for each of these, in their order, with one query."""
    tokens = [
        Token(
            approval=approval,
            person=person,
            nonce=approval_tokens.new_nonce(),
            made_at=now,
            expires_at=now + LASTS,
        )
        for approval, person in whom
    ]
    insert_rows(tokens)
    return tokens


def find(text: str) -> Token | None:
    """The token with this text, whatever became of it; with its approval, task and person."""
    return _find(text, lock=False)


def check(text: str, person: Person, approval: Approval, now: dt.datetime) -> str:
    """Why a token does not count for a decision of this person, in a sentence; empty if it does."""
    return _why_not(find(text), person, approval, now)


def use(text: str, person: Person, approval: Approval, now: dt.datetime) -> str:
    """As `check`; and a token that counts is used up, as part of the caller's transaction.

    The caller decides in the same transaction, and undoes it when the decision is refused. Of two uses at
    once, one waits for the other and is told that the token was used.
    """
    _lock_work(approval)
    token = _find(text, lock=True)
    why_not = _why_not(token, person, approval, now)
    if token and not why_not:
        token.used_at = now
        token.save(update_fields=["used_at"])
    return why_not


def revoke_what_changed(happened: Sequence[events.WorkEvent]) -> None:
    """Have no token count any more for what was decided, withdrawn, or is no longer as it was."""
    approvals, tasks = set(), set()
    for event in happened:
        match event:
            case events.ApprovalDecided() | events.ApprovalWithdrawn():
                approvals.add(event.approval.pk)
            case events.TaskClosed() | events.TaskOpened() | events.TaskForwarded():
                if event.task.is_approval:
                    tasks.add(event.task.pk)
    if tasks:
        approvals |= set(Approval.objects.filter(task__in=tasks).values_list("pk", flat=True))
    if approvals:
        void = Token.objects.filter(approval__in=approvals, used_at=None, revoked_at=None)
        void.update(revoked_at=happened[0].entry.at)


def _find(text: str, *, lock: bool) -> Token | None:
    nonce = approval_tokens.nonce_of(text)
    if not nonce:
        return None
    rows = Token.objects.filter(nonce=nonce).select_related("approval__task", "approval__person", "person")
    if lock:
        rows = rows.select_for_update(of=("self",)).order_by("pk")
    keys = ring().derived(Token.PURPOSE)
    for token in rows:
        if approval_tokens.is_signed(text, token.approval_id, token.person_id, keys):
            return token
    return None


def _why_not(token: Token | None, person: Person, approval: Approval, now: dt.datetime) -> str:
    if token is None:
        return UNKNOWN
    why_not = ""
    if token.person_id != person.pk:
        why_not = "This token was sent to somebody else, and counts only from them."
    elif token.approval_id != approval.pk:
        why_not = f"This token is for another approval, not for {approval}."
    elif token.used_at:
        why_not = f"This token was used on {_moment(token.used_at)} already; each counts once."
    elif token.revoked_at:
        why_not = (
            f"This token counts no more since {_moment(token.revoked_at)}, when what it was for changed."
        )
    elif token.expires_at <= now:
        why_not = f"This token expired on {_moment(token.expires_at)}."
    return why_not


def _lock_work(approval: Approval) -> None:
    """Lock what deciding locks, before the token: in another order two uses could wait for each other."""
    task = approval.task
    owner = Request.objects.filter(pk=task.request_id) if task.request_id else Task.objects.filter(pk=task.pk)
    owner.select_for_update(of=("self",)).order_by("pk").values_list("pk").first()


def _moment(at: dt.datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d at %H:%M}"
