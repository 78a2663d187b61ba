"""What service was agreed on, and the clocks that run by it."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailcall.desk.calendars import WorkingHours, parse_days, parse_spans, refuse_country
from mailcall.desk.models.calls import Call
from mailcall.desk.models.people import Group, IssueType, Organisation, Partition, Person, is_time_zone
from mailcall.desk.models.work import Request, Task

# When a target counts in reports: as it was breached, else as it was met.
COUNTED_AT = Coalesce("breached_at", "met_at")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Measure(models.TextChoices):
    """What a target is for."""

    RESPONSE = "response", "Response"
    RESOLUTION = "resolution", "Resolution"


class Covers(models.TextChoices):
    """What an agreement is about."""

    CALLS = "call", "Calls"
    REQUESTS = "request", "Requests"
    TASKS = "task", "Tasks"


class ToTell(models.TextChoices):
    """Whom an escalation is told to."""

    AGREEMENT = "agreement", "The agreement's people"
    ISSUE_TYPE = "issue_type", "The issue type's analysts"
    GROUP = "group", "The group that it is for"
    ENTITY = "entity", "Whoever is in charge of it"


class ClockStep(models.TextChoices):
    """What becomes of a timer."""

    STARTED = "started", "Started"
    PAUSED = "paused", "Paused"
    RESUMED = "resumed", "Resumed"
    ANEW = "anew", "Began anew"
    ESCALATED = "escalated", "Escalated"
    BREACHED = "breached", "Breached"
    MET = "met", "Met"
    LATE = "late", "Done too late"


def _hours(default: str) -> "models.CharField[str, str]":
    return models.CharField(
        max_length=200, blank=True, default=default, help_text="Such as 08:00-12:00, 13:00-17:00; or closed."
    )


class BusinessCalendar(models.Model):
    """When work is done, in a time zone."""

    name = models.CharField(max_length=100, unique=True)
    time_zone = models.CharField(max_length=50, default="UTC", validators=[is_time_zone])
    monday = _hours("08:00-17:00")
    tuesday = _hours("08:00-17:00")
    wednesday = _hours("08:00-17:00")
    thursday = _hours("08:00-17:00")
    friday = _hours("08:00-17:00")
    saturday = _hours("closed")
    sunday = _hours("closed")
    country = models.CharField(max_length=2, blank=True, help_text="Whose holidays are closed, such as DE.")
    subdivision = models.CharField(max_length=6, blank=True, help_text="Such as BY.")
    days = models.TextField(blank=True, help_text="A day a line: 2026-12-24 08:00-12:00, or closed.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what are no hours, days or countries."""
        wrong: dict[str, str] = {}
        for name in (*WEEKDAYS, "days"):
            try:
                (parse_days if name == "days" else parse_spans)(getattr(self, name))
            except ValueError as error:
                wrong[name] = str(error)
        try:
            refuse_country(self.country, self.subdivision)
        except ValueError as error:
            wrong["country"] = str(error)
        if wrong:
            raise ValidationError(wrong)

    def hours(self) -> WorkingHours:
        """What can be reckoned with."""
        week = tuple(getattr(self, name) for name in WEEKDAYS)
        return _hours_of(self.time_zone, week, self.days, self.country, self.subdivision)


@lru_cache(maxsize=100)
def _hours_of(
    time_zone: str, week: tuple[str, ...], days: str, country: str, subdivision: str
) -> WorkingHours:
    """By what a calendar says: what its years come to is computed once in a process."""
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = map(parse_spans, week)
    return WorkingHours(
        ZoneInfo(time_zone),
        (monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        parse_days(days),
        country,
        subdivision,
    )


class Agreement(models.Model):
    """How soon what is answered and done; with a group, what that group owes the others (an OLA)."""

    name = models.CharField(max_length=100, unique=True)
    active = models.BooleanField(default=True, help_text="Whether work is measured by it.")
    covers = models.CharField(max_length=10, choices=Covers, default=Covers.CALLS)
    calendar = models.ForeignKey(BusinessCalendar, on_delete=models.PROTECT, related_name="+")
    partition = models.ForeignKey(
        Partition, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    issue_type = models.ForeignKey(
        IssueType, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    breach_tells = models.CharField(max_length=60, blank=True, default="entity")
    people = models.ManyToManyField(Person, blank=True, related_name="+")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Target(models.Model):
    """How soon work of a priority is answered and resolved, in working time."""

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="targets")
    priority = models.PositiveSmallIntegerField(help_text="1 is the most urgent, 5 the least.")
    response_minutes = models.PositiveIntegerField(null=True, blank=True)
    resolution_minutes = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["priority"]
        constraints = [models.UniqueConstraint(fields=["agreement", "priority"], name="one_target")]

    def __str__(self) -> str:
        return f"{self.agreement}, priority {self.priority}"


class EscalationLevel(models.Model):
    """When somebody is told that a target is near, or passed: a share of its time, or minutes from it."""

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="levels")
    measure = models.CharField(max_length=10, choices=Measure)
    number = models.PositiveSmallIntegerField(help_text="1 is the first.")
    percent = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the target's time.")
    minutes = models.IntegerField(null=True, blank=True, help_text="From the target; before it below 0.")
    tells = models.CharField(max_length=60, default="entity")

    class Meta:
        ordering = ["measure", "number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "measure", "number"], name="one_level"),
            models.CheckConstraint(
                condition=Q(percent__isnull=True, minutes__isnull=False)
                | Q(percent__isnull=False, minutes__isnull=True),
                name="by_share_or_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"level {self.number}"


class Timer(models.Model):
    """The time that goes by for one piece of work towards one target."""

    call = models.ForeignKey(Call, null=True, on_delete=models.CASCADE, related_name="timers", db_index=False)
    request = models.ForeignKey(
        Request, null=True, on_delete=models.CASCADE, related_name="timers", db_index=False
    )
    task = models.ForeignKey(Task, null=True, on_delete=models.CASCADE, related_name="timers", db_index=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="+")
    of_group = models.BooleanField(default=False, help_text="Whether it is a group's own agreement.")
    measure = models.CharField(max_length=10, choices=Measure)
    why = models.CharField(max_length=500, help_text="Why this agreement, for people.")
    terms = models.CharField(max_length=64, help_text="A hash of all that its moments follow from.")
    generation = models.PositiveIntegerField(default=1, help_text="Counts changes of the terms.")
    priority = models.PositiveSmallIntegerField(default=3, help_text="By which its time was taken.")
    allowed = models.PositiveBigIntegerField(help_text="In seconds of working time.")
    used = models.PositiveBigIntegerField(default=0, help_text="In seconds, until `running_since`.")
    running_since = models.DateTimeField(null=True, help_text="Empty while it stands.")
    due_at = models.DateTimeField(null=True, help_text="When the time is up, as it runs now.")
    met_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(call__isnull=False, request__isnull=True, task__isnull=True)
                | Q(call__isnull=True, request__isnull=False, task__isnull=True)
                | Q(call__isnull=True, request__isnull=True, task__isnull=False),
                name="timer_of_one_thing",
            ),
            *(
                models.UniqueConstraint(
                    fields=[thing, "measure", "of_group"],
                    name=f"one_timer_of_a_{thing}",
                    condition=Q(**{f"{thing}__isnull": False}),
                )
                for thing in ("call", "request", "task")
            ),
        ]
        indexes = [models.Index(COUNTED_AT, name="timers_counted")]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} of {self.on}"

    @property
    def on(self) -> Call | Request | Task:
        """What it runs for."""
        on = self.call or self.request or self.task
        assert on is not None  # a constraint of the table
        return on


class Clock(models.Model):
    """When a level of a timer, or without one its breach, comes to pass; once in each generation."""

    timer = models.ForeignKey(Timer, on_delete=models.CASCADE, related_name="clocks", db_index=False)
    # None at the breach, and where the level was removed: what fired stays told.
    level = models.ForeignKey(EscalationLevel, null=True, on_delete=models.SET_NULL, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="Of the level; 0 is the breach.")
    generation = models.PositiveIntegerField()
    offset = models.PositiveBigIntegerField(help_text="In seconds of working time from the begin.")
    # Empty when there is nothing to come, so that what is due is found among what is to come.
    due_at = models.DateTimeField(null=True)
    fired_at = models.DateTimeField(null=True)
    told_by = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["timer", "generation", "number"], name="one_clock"),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="clocks_due", condition=Q(due_at__isnull=False)),
            # So that removing a clock looks through few for those that it told of.
            models.Index(fields=["told_by"], name="clocks_told", condition=Q(told_by__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.timer}, {f'level {self.number}' if self.number else 'breach'}"


class ClockLine(models.Model):
    """What became of a timer, for people: the timeline of the clock."""

    timer = models.ForeignKey(Timer, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    step = models.CharField(max_length=10, choices=ClockStep)
    why = models.CharField(max_length=300, blank=True, help_text="A sentence, or nothing.")
    used = models.PositiveBigIntegerField(help_text="In seconds of working time until then.")
    due_at = models.DateTimeField(null=True, help_text="When the time was up, as it ran from then on.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_step_display()}: {self.why}" if self.why else self.get_step_display()


class ServiceLevelChange(models.Model):
    """What somebody changed about an agreement, a calendar or whom an issue type tells."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=200, help_text="As it was then.")
    about = models.CharField(max_length=20, help_text="The table of what was changed.")
    key = models.BigIntegerField(help_text="Of what was changed, which may be removed since.")
    name = models.CharField(max_length=100)
    text = models.TextField()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["about", "key", "-id"], name="changes_of_levels")]

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


class Recompute(models.Model):
    """All open work of a kind is to be brought in step with the agreements as they are now."""

    about = models.CharField(max_length=10, choices=Covers, unique=True)
    after = models.BigIntegerField(default=0, help_text="The key of the last that was.")
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_about_display()} after {self.after}"
