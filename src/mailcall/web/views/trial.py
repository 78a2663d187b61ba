"""Trying an account's rules on past mail, part after part, and switching them on as they were tried."""

import datetime as dt
import time
from collections.abc import Mapping
from typing import Any

import structlog
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mailcall.desk.models import Right
from mailcall.inbound.models import IncomingAccount
from mailcall.inbound.trial import DAYS, Rules, Trial, total
from mailcall.web.access import acting_person, analysts_only, demand, visible_partitions, why_not_here
from mailcall.web.paging import key_from
from mailcall.web.trial_forms import RulesForm
from mailcall.web.views.mails import accounts_of

log = structlog.get_logger("web.trial")

PART_SECONDS = 1.5  # of one request, so that whoever asks for other pages does not wait


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """The accounts whose rules can be tried; the only one at once."""
    accounts = list(accounts_of(visible_partitions(request)).only("pk", "name", "address").order_by("name"))
    if len(accounts) == 1:
        return redirect("web:trial", accounts[0].pk)
    return render(request, "web/trials.html", {"accounts": accounts})


@require_safe
@analysts_only
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The rules of an account as they are, to be changed and tried."""
    account = _account(request, pk)
    return _page(request, account, RulesForm(account, auto_id="rules_%s"))


@require_POST
@analysts_only
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Try the rules of the form on the next part of the mail, newest first. Changes nothing."""
    account = _account(request, pk)
    form = RulesForm(account, request.POST, auto_id="rules_%s")
    rules = _rules(account, form)
    if rules is None:
        return _page(request, account, form, status=422)
    until, now = time.monotonic() + PART_SECONDS, timezone.now()
    below = key_from(request.POST.get("below"))
    trial = Trial(account, rules.on(account), now - dt.timedelta(days=DAYS), now)
    tried = total(trial.parts(below), lambda: time.monotonic() > until)
    before = {name: key_from(request.POST.get(name)) or 0 for name in ("looked", "read", "found")}
    context: dict[str, Any] = {
        "tried": tried,
        "hidden": _typed(request),
        "looked": before["looked"] + tried.looked,
        "read": before["read"] + tried.read,
        "found": before["found"] + len(tried.otherwise),
        "same": rules == Rules.of(account),
        "further": below is not None,
    }
    if request.headers.get("HX-Request"):
        return _page(request, account, form, template="web/trial_part.html", **context)
    return _page(request, account, form, **context)


@require_POST
@analysts_only
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch the rules of the form on."""
    account = _account(request, pk)
    demand(request, Right.ADMINISTER, account.template.partition)
    form = RulesForm(account, request.POST, auto_id="rules_%s")
    rules = _rules(account, form)
    if rules is None:
        return _page(request, account, form, status=422)
    rules.save(account)
    log.info("rules changed", account=account.name, by=str(acting_person(request) or request.user))
    messages.success(request, f"The rules of {account.name} are switched on. The desk file has not changed.")
    return redirect("web:trial", account.pk)


def _account(request: HttpRequest, pk: int) -> IncomingAccount:
    rows = IncomingAccount.objects.select_related("template__partition", "default_logging_analyst")
    account = get_object_or_404(rows, pk=pk)
    demand(request, Right.VIEW, account.template.partition)
    return account


def _rules(account: IncomingAccount, form: RulesForm) -> Rules | None:
    """What was typed; None when that can't be, and the form says why."""
    if not form.is_valid():
        return None
    rules = form.rules()
    try:
        rules.on(account)
    except ValidationError as error:
        form.take_errors(error)
        return None
    return rules


def _typed(request: HttpRequest) -> Mapping[str, list[str]]:
    """All that was typed, to be asked with again."""
    left_out = {"csrfmiddlewaretoken", "below", "looked", "read", "found"}
    return {name: values for name, values in request.POST.lists() if name not in left_out}


def _page(
    request: HttpRequest,
    account: IncomingAccount,
    form: RulesForm,
    *,
    template: str = "web/trial.html",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    why_not_saved = why_not_here(request, Right.ADMINISTER, account.template.partition)
    context = {"account": account, "form": form, "days": DAYS, "why_not_saved": why_not_saved, **more}
    return render(request, template, context, status=status)
