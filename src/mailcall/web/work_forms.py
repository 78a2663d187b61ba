"""The forms by which calls, requests and tasks are worked."""

import datetime as dt
from typing import Any

from django import forms
from django.urls import reverse

from mailcall.desk.models import Partition, Person, RequestType, TaskKind
from mailcall.desk.models.workflows import ApprovalRule
from mailcall.desk.workflows import Step
from mailcall.outbound.models import NotificationSettings
from mailcall.outbound.recipients import partition_of
from mailcall.web.choices import AnalystField, GroupField, IssueTypeField, PeopleField, PersonField
from mailcall.web.forms import ActionForm, StateForm, version_field, words_field

WHICH_CALL = "Type the number of a call."
WHAT_KIND = "Choose what kind of request it is."
LEVEL_NAMES = (("1", "1, high"), ("2", "2, middle"), ("3", "3, low"))


class PlainForm(ActionForm):
    """Nothing to say, only to do."""

    text = forms.CharField(required=False, widget=forms.HiddenInput)


class ReasonForm(ActionForm):
    """Why it is done."""

    text = words_field(2, label="Reason", error_messages={"required": "Say why."})


class UpdateForm(ActionForm):
    """Words to add."""

    text = words_field(4, label="Text", error_messages={"required": "An update needs some text."})


class ForwardForm(ActionForm):
    """To whom it goes; without a new group the analyst stays in the one it has, if they are in it.

    Where the partition has it so, whoever forwards is asked whether a mail goes out, and sees to whom.
    """

    group = GroupField()
    analyst = AnalystField()
    tell = forms.BooleanField(label="Tell them by email", required=False)
    field_order = ("group", "analyst", "text", "tell")

    def __init__(self, *args: Any, target: Any, **kwargs: Any) -> None:
        super().__init__(*args, target=target, **kwargs)
        settings = NotificationSettings.objects.filter(partition=partition_of(target)).first()
        if settings is None or not settings.email_optional_at_forward:
            del self.fields["tell"]
            return
        self.fields["tell"].initial = settings.email
        shown = f"#{self['tell'].auto_id}-recipients"
        for name in ("group", "analyst"):
            self.fields[name].widget.attrs.update(
                {
                    "hx-get": f"{reverse('web:notices-forwarding')}?partition={partition_of(target).pk}",
                    "hx-target": shown,
                    "hx-include": "closest form",
                    "hx-params": "group,analyst",
                }
            )


class JudgeForm(ActionForm):
    """How many it hits, and how soon it hurts."""

    impact = forms.TypedChoiceField(choices=LEVEL_NAMES, coerce=int, initial="2")
    urgency = forms.TypedChoiceField(choices=LEVEL_NAMES, coerce=int, initial="2")
    field_order = ("impact", "urgency", "text")

    def __init__(self, *args: Any, target: Any, **kwargs: Any) -> None:
        super().__init__(*args, target=target, **kwargs)
        self.fields["impact"].initial = target.impact or 2
        self.fields["urgency"].initial = target.urgency or 2


class PriorityForm(ActionForm):
    """A priority that wins over all else, or none."""

    priority = forms.TypedChoiceField(
        choices=[("", "not by hand"), *((str(n), f"P{n}") for n in range(1, 6))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    field_order = ("priority", "text")

    def __init__(self, *args: Any, target: Any, **kwargs: Any) -> None:
        super().__init__(*args, target=target, **kwargs)
        self.fields["priority"].initial = target.priority if target.priority_by_hand else ""


class IssueTypeForm(ActionForm):
    """What it is about."""

    issue_type = IssueTypeField()
    field_order = ("issue_type", "text")

    def __init__(self, *args: Any, target: Any, **kwargs: Any) -> None:
        super().__init__(*args, target=target, **kwargs)
        self.fields["issue_type"].initial = target.issue_type_id


class MomentField(forms.DateTimeField):
    """A moment on the clock of this desk."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        sentence = "Give a day and a time, such as 2026-12-01 09:00."
        messages = {"required": sentence, "invalid": sentence}
        super().__init__(widget=widget, error_messages=messages, **kwargs)

    def clean(self, value: Any) -> dt.datetime | None:
        """The moment. Raises ValidationError."""
        moment: dt.datetime | None = super().clean(value)
        return moment


class DeferForm(ActionForm):
    """Until when it is put aside, and why."""

    until = MomentField(label="Until")
    text = words_field(2, label="Reason", error_messages={"required": "Say why it is deferred."})
    field_order = ("until", "text")


class ResolveForm(StateForm):
    """Resolving where an analyst is to close what others resolved."""

    analyst = AnalystField(label="Analyst who is to close it")
    field_order = ("comment", "analyst", "unsolved")


class OtherCallForm(forms.Form):
    """Another call, by its number."""

    other = forms.IntegerField(
        label="Number of the other call",
        min_value=1,
        max_value=2**63 - 1,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), WHICH_CALL),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


class JoinForm(forms.Form):
    """Why two calls belong together."""

    text = words_field(2, required=False, label="Comment")


class SplitForm(forms.Form):
    """The subject of the new call."""

    subject = forms.CharField(
        label="Subject of the new call",
        max_length=500,
        error_messages={"required": "The new call needs a subject."},
    )
    text = words_field(2, required=False, label="Comment")


class AskForm(ActionForm):
    """Who else is to approve."""

    person = PersonField(label="Address of who is to approve")
    field_order = ("person", "text")


class DecideForm(forms.Form):
    """A decision with its comment."""

    text = words_field(3, required=False, label="Comment", help_text="A rejection needs a reason.")
    version = version_field()


class RequestForm(forms.Form):
    """A new request."""

    type = forms.ModelChoiceField(
        RequestType.objects.none(),
        label="Type",
        empty_label="Choose …",
        error_messages={"required": WHAT_KIND, "invalid_choice": WHAT_KIND},
    )
    user = PersonField(label="User", help_text="The address of whom it is for.")
    subject = forms.CharField(
        label="Subject", max_length=500, error_messages={"required": "A request needs a subject."}
    )
    text = words_field(6, required=False, label="Text")

    def __init__(self, *args: Any, types: Any, own: Person | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].queryset = types  # type: ignore[attr-defined]
        if own:
            del self.fields["user"]


class TaskForm(forms.Form):
    """A task that is logged by itself."""

    title = forms.CharField(max_length=200, error_messages={"required": "A task needs a title."})
    kind = forms.ChoiceField(label="Kind", choices=TaskKind.choices, initial=TaskKind.PLAIN)
    group = GroupField()
    analyst = AnalystField()
    approvers = PeopleField(label="Approvers", required=False, help_text="The addresses of who is asked.")
    approver_group = GroupField(label="Approving group", help_text="Its analysts are asked, too.")
    rule = forms.ChoiceField(
        label="How many must approve", choices=ApprovalRule.choices, initial=ApprovalRule.ALL
    )
    needed = forms.IntegerField(
        label="How many, if a number of them", required=False, min_value=1, max_value=100
    )
    time_limit_hours = forms.IntegerField(label="Time limit in hours", required=False, min_value=1)
    reminder_hours = forms.IntegerField(label="Reminders each so many hours", required=False, min_value=1)
    text = words_field(3, required=False, label="What is to be done, or approved")

    def step(self) -> Step:
        """What was typed; the desk says whether it makes sense."""
        said = self.cleaned_data
        return Step(
            title=said["title"],
            kind=TaskKind(said["kind"]),
            group=said["group"],
            analyst=said["analyst"],
            approvers=tuple(said["approvers"]),
            approver_group=said["approver_group"],
            rule=ApprovalRule(said["rule"]),
            needed=said["needed"],
            time_limit_hours=said["time_limit_hours"],
            reminder_hours=said["reminder_hours"],
        )


class DelegationForm(forms.Form):
    """Who decides for whom, from when to when, in what."""

    person = PersonField(label="For whom", help_text="The address of who is away.")
    delegate = PersonField(label="Who decides", help_text="The address of the delegate.")
    starts_at = MomentField(label="From")
    ends_at = MomentField(label="Until before")
    scope = forms.ChoiceField(label="In what", required=False)

    def __init__(self, *args: Any, own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = _scopes()  # type: ignore[attr-defined]
        if own:
            del self.fields["person"]

    def in_what(self) -> dict[str, Partition | RequestType]:
        """The partition or the request type, by its name among the arguments of `delegate`."""
        kind, _, key = self.cleaned_data["scope"].partition(":")
        if kind == "partition":
            return {"partition": Partition.objects.get(pk=key)}
        return {"request_type": RequestType.objects.get(pk=key)} if kind == "type" else {}


def _scopes() -> list[Any]:
    partitions = [(f"partition:{row.pk}", row.name) for row in Partition.objects.only("name")]
    types = [(f"type:{row.pk}", row.name) for row in RequestType.objects.filter(active=True).only("name")]
    return [("", "Everything"), ("In one partition", partitions), ("In requests of one type", types)]
