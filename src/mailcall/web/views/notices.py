"""Who hears of what: notices on one's own page, one's choices, and the settings of partitions."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.desk.models import Group, Partition, Person, Right
from mailcall.desk.rights import rights_of_many
from mailcall.outbound.explaining import tellings
from mailcall.outbound.models import Notice, NotificationSettings, PersonNotices
from mailcall.outbound.recipients import group_recipients, if_they_may_see, mailboxes
from mailcall.web.access import (
    acting_person,
    administrators_only,
    analysts_only,
    demand,
    people_only,
    visible_partitions,
)
from mailcall.web.acting import UNPROCESSABLE
from mailcall.web.notice_forms import ChoicesForm, MyNoticesForm, OccasionsForm, SettingsForm
from mailcall.web.paging import key_from, newest_first
from mailcall.web.views.entries import OWNED, partition_of_entry


@require_safe
@analysts_only
@people_only
def index(request: HttpRequest) -> HttpResponse:
    """What whoever is signed in was told on this page, newest first."""
    before = key_from(request.GET.get("before"))
    every = request.GET.get("show") == "all"
    rows = Notice.objects.filter(person=acting_person(request)).select_related("partition")
    if (partitions := visible_partitions(request)) is not None:
        rows = rows.filter(partition__in=partitions)
    page = newest_first(rows if every else rows.filter(seen_at=None), before=before)
    return render(request, "web/notices/index.html", {"page": page, "before": before, "every": every})


@require_POST
@analysts_only
@people_only
def see(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that one was seen, and go to what it is about."""
    notice = get_object_or_404(Notice, pk=pk, person=acting_person(request))
    Notice.objects.filter(pk=pk, seen_at=None).update(seen_at=timezone.now())
    kind, number = notice.work
    return redirect(f"web:{kind}", number)


@require_POST
@analysts_only
@people_only
def see_all(request: HttpRequest) -> HttpResponse:
    """Note that all were seen that the page showed."""
    newest = key_from(request.POST.get("newest")) or 0
    rows = Notice.objects.filter(person=acting_person(request), seen_at=None, pk__lte=newest)
    rows.update(seen_at=timezone.now())
    return redirect("web:notices")


@require_http_methods(["GET", "HEAD", "POST"])
@analysts_only
@people_only
def mine(request: HttpRequest) -> HttpResponse:
    """How whoever is signed in wants to hear."""
    person = acting_person(request)
    assert person is not None  # who has none was sent away
    own = PersonNotices.objects.filter(person=person).first() or PersonNotices(person=person)
    posted = request.POST if request.method == "POST" else None
    form, choices = MyNoticesForm(posted, instance=own), ChoicesForm(posted, person=person)
    if posted is not None and form.is_valid() and choices.is_valid():
        with transaction.atomic():
            form.save()
            choices.save()
        messages.success(request, "Your choices are saved.")
        return redirect("web:my-notices")
    kept = NotificationSettings.objects.filter(people_choose=False).select_related("partition")
    context = {
        "form": form,
        "choices": choices,
        "person": person,
        "zone": person.time_zone or timezone.get_default_timezone_name(),
        "kept": [row.partition for row in kept],
    }
    status = UNPROCESSABLE if posted is not None else 200
    return render(request, "web/notices/mine.html", context, status=status)


@require_safe
@analysts_only
def settings(request: HttpRequest) -> HttpResponse:
    """The notification settings of all partitions."""
    saved = {row.partition_id: row for row in NotificationSettings.objects.all()}
    partitions = [(p, saved.get(p.pk) or NotificationSettings(partition=p)) for p in Partition.objects.all()]
    return render(request, "web/notices/settings.html", {"partitions": partitions})


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the notification settings of a partition, and which message types it uses."""
    partition = get_object_or_404(Partition, pk=pk)
    row = NotificationSettings.objects.filter(partition=partition).first()
    posted = request.POST if request.method == "POST" else None
    form = SettingsForm(posted, instance=row or NotificationSettings(partition=partition))
    occasions = OccasionsForm(posted, partition=partition)
    if posted is not None and form.is_valid() and occasions.is_valid():
        with transaction.atomic():
            form.save()
            occasions.save()
        messages.success(request, f"The notification settings of {partition} are saved.")
        return redirect("web:notice-settings")
    context = {"form": form, "occasions": occasions, "partition": partition}
    status = UNPROCESSABLE if posted is not None else 200
    return render(request, "web/notices/change.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def everywhere(request: HttpRequest) -> HttpResponse:
    """Change which message types are used wherever a partition says nothing else."""
    posted = request.POST if request.method == "POST" else None
    occasions = OccasionsForm(posted, partition=None)
    if posted is not None and occasions.is_valid():
        with transaction.atomic():
            occasions.save()
        messages.success(request, "The message types are saved.")
        return redirect("web:notice-settings")
    status = UNPROCESSABLE if posted is not None else 200
    return render(request, "web/notices/change.html", {"occasions": occasions}, status=status)


@require_safe
@analysts_only
def told(request: HttpRequest, pk: int) -> HttpResponse:
    """Who was told of one thing that happened, who was not, and why."""
    entry = get_object_or_404(OWNED, pk=pk)
    demand(request, Right.VIEW, partition_of_entry(entry))
    return render(request, "web/notices/told.html", {"tellings": tellings([entry.pk])})


@require_safe
@analysts_only
def preview(request: HttpRequest) -> HttpResponse:
    """To whom a mail would go if work of a partition were forwarded so."""
    analyst = Person.objects.filter(pk=key_from(request.GET.get("analyst")) or 0).first()
    group = Group.objects.filter(pk=key_from(request.GET.get("group")) or 0).first()
    recipients = mailboxes([analyst]) if analyst else group_recipients(group) if group else []
    partition = Partition.objects.filter(pk=key_from(request.GET.get("partition")) or 0).first()
    if partition:
        rights = rights_of_many([one.person for one in recipients if one.person])
        recipients = [if_they_may_see(one, partition, rights) for one in recipients]
    return render(request, "web/notices/preview.html", {"recipients": recipients})
