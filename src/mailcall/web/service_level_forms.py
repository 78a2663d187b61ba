"""What is typed about agreements and business calendars, checked."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailcall.desk.agreeing import Level, levels_of, set_levels, set_targets, targets_of
from mailcall.desk.durations import parse_minutes, written
from mailcall.desk.issue_types import full_names
from mailcall.desk.models import (
    Agreement,
    BusinessCalendar,
    Covers,
    IssueType,
    Measure,
    Organisation,
    Person,
    ToTell,
)
from mailcall.desk.models.people import time_zones
from mailcall.desk.models.service_levels import WEEKDAYS
from mailcall.desk.priorities import PRIORITIES
from mailcall.web.choices import GroupField, IssueTypeField, PeopleField
from mailcall.web.people_forms import SuggestingInput, organisation_names, organisation_of

MOST_LEVELS = 20
BLANK_LEVELS = 2
_AT_THE_TARGET = frozenset({"at the target", "at target", "0"})


class DurationField(forms.CharField):
    """How long something may take, as people write it; gives minutes, or None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=50, required=False, **kwargs)

    def clean(self, value: Any) -> int | None:
        """The minutes. Raises ValidationError."""
        text = super().clean(value)
        try:
            return parse_minutes(text) if text else None
        except ValueError as error:
            raise ValidationError(str(error)) from None


class WhomField(forms.MultipleChoiceField):
    """Whom something is told to; gives them joined, as the table has them."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.CheckboxSelectMultiple
        super().__init__(choices=ToTell.choices, widget=widget, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """The boxes to tick of a joined text."""
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        """Those that are ticked."""
        return ", ".join(super().clean(value))


class AnalystsField(PeopleField):
    """Several analysts, by their addresses."""

    def clean(self, value: Any) -> list[Person]:
        """The analysts. Raises ValidationError for the first who is none."""
        persons = super().clean(value)
        if other := next((person for person in persons if not person.is_analyst), None):
            raise ValidationError(f"{other.email} is the address of {other}, who is no analyst.")
        return persons


def addresses_of(persons: Iterable[Person]) -> str:
    """What such a field begins with."""
    return "\n".join(person.email for person in persons if person.email)


def analysts_field(label: str, help_text: str) -> AnalystsField:
    """Such a field of some lines."""
    widget = forms.Textarea(attrs={"rows": 3})
    return AnalystsField(label=label, required=False, widget=widget, help_text=help_text, max_length=10_000)


class SeenForm(forms.Form):
    """What the page was made of: the key of the last change."""

    seen = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)


class CalendarForm(SeenForm, forms.ModelForm):  # type: ignore[type-arg]
    """When work is done."""

    days = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono"}),
        label="Days that are otherwise",
        help_text="A day a line: 2026-12-24 08:00-12:00, or 2026-12-27 closed.",
    )

    class Meta:
        model = BusinessCalendar
        fields = ["name", "time_zone", *WEEKDAYS, "country", "subdivision", "days"]
        error_messages = {"name": {"unique": "There is a calendar with this name."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].widget = SuggestingInput(lambda: sorted(time_zones()))
        self.fields["time_zone"].help_text = "Such as Europe/Berlin."
        self.fields["country"].widget = SuggestingInput(_countries)
        for name in WEEKDAYS:
            self.fields[name].help_text = ""

    def clean_country(self) -> str:
        """As the holidays are known by it."""
        return str(self.cleaned_data["country"]).strip().upper()

    def clean_subdivision(self) -> str:
        """As the holidays are known by it, without the country before it."""
        text = str(self.cleaned_data["subdivision"]).strip().upper()
        return text.removeprefix(f"{self.cleaned_data.get('country', '')}-")

    def clean_days(self) -> str:
        """A day a line."""
        return "\n".join(filter(None, map(str.strip, str(self.cleaned_data["days"]).splitlines())))

    @property
    def week(self) -> list[forms.BoundField]:
        """The fields of the weekdays."""
        return [self[name] for name in WEEKDAYS]


class AgreementForm(SeenForm, forms.ModelForm):  # type: ignore[type-arg]
    """All of an agreement but its levels."""

    organisation = forms.CharField(
        required=False, max_length=200, widget=SuggestingInput(organisation_names), help_text="By its name."
    )
    issue_type = IssueTypeField()
    group = GroupField(
        empty_label="none: it is agreed with Users",
        help_text="With one, it is what this group owes the others, measured besides.",
    )
    breach_tells = WhomField(label="A breach is told to")
    people = analysts_field("The agreement's people", "Analysts, by address, one a line.")

    class Meta:
        model = Agreement
        fields = [
            *("name", "active", "covers", "calendar", "partition", "organisation", "issue_type", "group"),
            "breach_tells",
        ]
        error_messages = {
            "name": {"unique": "There is an agreement with this name."},
            "calendar": {"required": "It needs a calendar. Make one first."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agreement = self.instance
        self.fields["partition"].empty_label = "all"  # type: ignore[attr-defined]
        for priority in PRIORITIES:
            for measure in Measure:
                label = f"{measure.label}, priority {priority}"
                self.fields[f"{measure}_{priority}"] = DurationField(label=label)
        if agreement.pk:
            self.initial["organisation"] = agreement.organisation.name if agreement.organisation else ""
            self.initial["people"] = addresses_of(agreement.people.order_by("name", "pk"))
            for target in targets_of(agreement):
                for measure in Measure:
                    if minutes := target.get(f"{measure}_minutes"):
                        self.initial[f"{measure}_{target['priority']}"] = written(minutes)

    @property
    def targets(self) -> list[tuple[int, forms.BoundField, forms.BoundField]]:
        """The fields of the targets, by priority."""
        return [(one, self[f"response_{one}"], self[f"resolution_{one}"]) for one in PRIORITIES]

    def clean_organisation(self) -> Organisation | None:
        """The organisation of this name. Raises ValidationError when there is none."""
        return organisation_of(self.cleaned_data["organisation"])

    def clean(self) -> dict[str, Any]:
        """Refuse what can't be measured."""
        data = super().clean() or self.cleaned_data
        if data.get("covers") == Covers.REQUESTS and data.get("issue_type"):
            self.add_error("issue_type", "Requests have no issue type.")
        measured = any(data.get(f"{measure}_{one}") for measure in Measure for one in PRIORITIES)
        if not measured and not self.errors:
            self.add_error("resolution_3", "An agreement needs a time for one priority at least.")
        return data

    def keep(self, levels: Sequence[Level]) -> Agreement:
        """Save all of it; the caller owns the transaction."""
        agreement: Agreement = self.save()
        agreement.people.set(self.cleaned_data["people"])
        targets = []
        for priority in PRIORITIES:
            times = {f"{measure}_minutes": self.cleaned_data[f"{measure}_{priority}"] for measure in Measure}
            if known := {name: minutes for name, minutes in times.items() if minutes}:
                targets.append({"priority": priority, **known})
        set_targets(agreement, targets)
        set_levels(agreement, levels)
        return agreement


class LevelForm(forms.Form):
    """One level; without a moment it is none."""

    measure = forms.ChoiceField(choices=Measure.choices, initial=Measure.RESOLUTION, label="Target")
    when = forms.CharField(max_length=50, required=False, label="When")
    tells = WhomField(label="Tells", initial=ToTell.ENTITY)

    def clean(self) -> dict[str, Any]:
        """With the level, if it is one."""
        data = super().clean() or self.cleaned_data
        if data.get("when") and "measure" in data:
            if not data.get("tells"):
                self.add_error("tells", "Somebody is to be told, or it is no level.")
            try:
                percent, minutes = read_moment(data["when"])
            except ValueError as error:
                self.add_error("when", str(error))
            else:
                data["level"] = Level(data["measure"], percent, minutes, data.get("tells", ""))
        return data


class Levels(forms.BaseFormSet):  # type: ignore[type-arg]
    """The levels of an agreement, and some rows for more."""

    @property
    def levels(self) -> list[Level]:
        """Those that are wanted, in order."""
        return [form.cleaned_data["level"] for form in self.forms if form.cleaned_data.get("level")]

    def clean(self) -> None:
        """Refuse two at one moment."""
        seen: set[tuple[str, int | None, int | None]] = set()
        for form in self.forms:
            level = form.cleaned_data.get("level") if form.is_valid() else None
            if level is None:
                continue
            moment = (level.measure, level.percent, level.minutes)
            if moment in seen:
                form.add_error("when", f"There is a level of the {level.measure} at {level.when} already.")
            seen.add(moment)


_LevelSet = forms.formset_factory(
    LevelForm, formset=Levels, extra=BLANK_LEVELS, max_num=MOST_LEVELS, validate_max=True
)


def level_rows(posted: Any, agreement: Agreement) -> Levels:
    """The rows as they are posted, or as the agreement has them."""
    known = levels_of(agreement) if agreement.pk else []
    initial = [{"measure": level.measure, "when": level.when, "tells": level.tells} for level in known]
    rows: Levels = _LevelSet(posted, initial=initial, prefix="levels")  # type: ignore[assignment]
    return rows


def read_moment(text: str) -> tuple[int | None, int | None]:
    """The percent, or the minutes from the target, of such as `80%`, `1h before` or `2h after`.

    Raises ValueError with a sentence.
    """
    typed = " ".join(text.casefold().split())
    if typed in _AT_THE_TARGET:
        return None, 0
    if typed.endswith("%"):
        share = typed[:-1].strip()
        if share.isascii() and share.isdigit() and 1 <= int(share[:5]) <= 1_000:
            return int(share), None
        raise ValueError("A share is from 1% to 1000%.")
    duration, _, side = typed.rpartition(" ")
    if side not in {"before", "after"}:
        raise ValueError(f"“{text}” is no moment: write such as 80%, 1h before, at the target, or 2h after.")
    minutes = parse_minutes(duration)
    return None, -minutes if side == "before" else minutes


class IssueTypeForm(SeenForm):
    """Who are told of the escalations of an issue type."""

    analysts = analysts_field("Analysts", "By address, one a line.")


@cache
def _countries() -> list[str]:
    import holidays  # takes a while

    return sorted(holidays.list_supported_countries())


def issue_type_names() -> list[tuple[IssueType, str]]:
    """All with their full names, by which they are in order."""
    names = full_names()
    rows = IssueType.objects.prefetch_related("analysts")
    return sorted(((row, names[row.pk]) for row in rows), key=lambda pair: pair[1].casefold())
