"""What is removed with time, and what was: the rules and the audit, for administrators."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailcall.retention.models import RetentionRule, Run
from mailcall.web.access import administrators_only
from mailcall.web.paging import key_from, newest_first


@require_safe
@administrators_only
def index(request: HttpRequest) -> HttpResponse:
    """The rules, and all runs, newest first."""
    before = key_from(request.GET.get("before"))
    context = {
        "rules": RetentionRule.objects.select_related("partition"),
        "page": newest_first(Run.objects.all(), before=before),
        "before": before,
    }
    return render(request, "web/retention.html", context)
