"""What is typed about who hears of what, checked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from mailcall.desk.models import Partition, Person
from mailcall.outbound.message_types import MessageType, choosable, switchable
from mailcall.outbound.models import (
    NotificationSettings,
    OccasionSetting,
    PersonChoice,
    PersonNotices,
    Wish,
)

AS_ELSEWHERE, ON, OFF = "usual", "on", "off"


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """The notification settings of a partition."""

    class Meta:
        model = NotificationSettings
        fields = [
            "email",
            "internal",
            "pager",
            "email_optional_at_forward",
            "email_at_update",
            "email_at_escalation",
            "people_choose",
            "most_notices",
            "within_minutes",
            "survey_after_hours",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What follows from the others is greyed by the page; the model keeps it so whatever is posted.
        update = self.fields["email_at_update"].widget
        update.attrs.update(
            {
                "data-free-with": self["email_optional_at_forward"].auto_id,
                "data-else-as": self["email"].auto_id,
            }
        )


class OccasionsForm(forms.Form):
    """Which message types are used, everywhere or in one partition."""

    def __init__(self, *args: Any, partition: Partition | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._partition = partition
        self._saved = _saved(partition)
        elsewhere = _saved(None) if partition else {}
        for kind in switchable():
            self.fields[f"type_{kind.code}"] = forms.ChoiceField(
                label=str(kind),
                choices=[
                    (AS_ELSEWHERE, f"As usual ({elsewhere.get(kind.code) or (ON if kind.used else OFF)})"),
                    (ON, "On"),
                    (OFF, "Off"),
                ],
                initial=self._saved.get(kind.code, AS_ELSEWHERE),
                help_text=f"To {kind.audience}.",
            )

    def save(self) -> None:
        """Keep what differs from what holds elsewhere."""
        for kind in switchable():
            said = self.cleaned_data[f"type_{kind.code}"]
            if said == self._saved.get(kind.code, AS_ELSEWHERE):
                continue
            OccasionSetting.objects.filter(type_code=kind.code, partition=self._partition).delete()
            if said != AS_ELSEWHERE:
                OccasionSetting.objects.create(
                    type_code=kind.code, partition=self._partition, active=said == ON
                )


class MyNoticesForm(forms.ModelForm):  # type: ignore[type-arg]
    """Where and when somebody hears."""

    class Meta:
        model = PersonNotices
        fields = ["pager", "quiet_from", "quiet_until", "digest_at"]
        widgets = {
            name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
            for name in ("quiet_from", "quiet_until", "digest_at")
        }
        help_texts = {
            "quiet_from": "By your own clock. Mail waits until they end.",
            "digest_at": "When what you want once a day comes.",
        }

    def clean(self) -> dict[str, Any]:
        """Quiet hours begin and end."""
        said: dict[str, Any] = super().clean() or {}
        if (said.get("quiet_from") is None) != (said.get("quiet_until") is None) and not self.errors:
            self.add_error("quiet_until", "Quiet hours need a beginning and an end; or leave out both.")
        return said


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """The choices for all that happens to one kind of thing: one for all of it, and one for each."""

    whole: forms.BoundField
    each: list[forms.BoundField]
    differs: bool


class ChoicesForm(forms.Form):
    """How somebody wants to hear: of all that happens to calls, say, or of each message type."""

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person
        self._saved = dict(PersonChoice.objects.filter(person=person).values_list("type_code", "wish"))
        self._kinds: dict[str, list[MessageType]] = defaultdict(list)
        for kind in choosable():
            self._kinds[kind.name.partition(" - ")[0]].append(kind)
        for entity, kinds in self._kinds.items():
            common = self._common(kinds)
            self.fields[_whole(entity)] = forms.ChoiceField(
                label=f"{entity}s",
                choices=[*([] if common else [("", "As chosen for each")]), *Wish.choices],
                initial=common,
                required=False,
            )
            for kind in kinds:
                self.fields[f"type_{kind.code}"] = forms.ChoiceField(
                    label=kind.name.partition(" - ")[2], choices=Wish.choices, initial=self._wish(kind)
                )

    def groups(self) -> list[ChoiceGroup]:
        """As the page shows them."""
        return [
            ChoiceGroup(
                self[_whole(entity)],
                [self[f"type_{kind.code}"] for kind in kinds],
                not self._common(kinds) or any(self[f"type_{kind.code}"].errors for kind in kinds),
            )
            for entity, kinds in self._kinds.items()
        ]

    def save(self) -> None:
        """Keep what is not simply at once. What was chosen for one message type wins over that for all."""
        for entity, kinds in self._kinds.items():
            whole = self.cleaned_data[_whole(entity)]
            for kind in kinds:
                wish = self.cleaned_data[f"type_{kind.code}"]
                if whole and whole != self._common(kinds) and wish == self._wish(kind):
                    wish = whole
                self._keep(kind, wish)

    def _keep(self, kind: MessageType, wish: str) -> None:
        if wish == Wish.AT_ONCE:
            PersonChoice.objects.filter(person=self._person, type_code=kind.code).delete()
        elif wish != self._saved.get(kind.code):
            PersonChoice.objects.update_or_create(
                person=self._person, type_code=kind.code, defaults={"wish": wish}
            )

    def _wish(self, kind: MessageType) -> str:
        return self._saved.get(kind.code, Wish.AT_ONCE)

    def _common(self, kinds: Sequence[MessageType]) -> str:
        """What is chosen for all of these alike, or an empty text."""
        wishes = {self._wish(kind) for kind in kinds}
        return wishes.pop() if len(wishes) == 1 else ""


def _whole(entity: str) -> str:
    """The name of the field for all that happens to calls, say."""
    return f"all_{entity.lower().replace(' ', '_')}"


def _saved(partition: Partition | None) -> dict[int, str]:
    rows = OccasionSetting.objects.filter(partition=partition)
    return {row.type_code: ON if row.active else OFF for row in rows}
