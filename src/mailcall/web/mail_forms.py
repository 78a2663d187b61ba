"""What people may type about received mail, checked, with a sentence for each mistake."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailcall.desk.errors import Refused
from mailcall.inbound.journal import HeldFilter
from mailcall.inbound.models import IncomingAccount
from mailcall.inbound.replay import MOST_SUBJECT, check_sender, check_subject

AGES = (
    (0, "Any"),
    (1, "An hour or more"),
    (4, "4 hours or more"),
    (24, "A day or more"),
    (168, "A week or more"),
)


class ReplayForm(forms.Form):
    """How a mail is to be read that is worked on once more. Left as it is, a field changes nothing."""

    subject = forms.CharField(label="Subject", max_length=MOST_SUBJECT, required=False)
    sender = forms.CharField(label="Sender's address", max_length=320, required=False)
    no_spam = forms.BooleanField(label="It is no spam, whatever the gateway says", required=False)

    def clean_subject(self) -> str | None:
        """The subject as it will be read; None when it is left as it is."""
        subject = self.cleaned_data["subject"]
        if subject == self.initial.get("subject", "").strip():
            return None
        return _checked(check_subject, subject)

    def clean_sender(self) -> str | None:
        """The address as it will be read; None when it is left as it is, even where that is none."""
        sender = self.cleaned_data["sender"].strip()
        if sender == self.initial.get("sender", ""):
            return None
        return _checked(check_sender, sender)


class HeldForm(forms.Form):
    """Which held mails are meant."""

    account = forms.ModelChoiceField(IncomingAccount.objects.none(), required=False, empty_label="All")
    cause = forms.CharField(label="Cause", max_length=200, required=False)
    sender = forms.CharField(label="Sender", max_length=320, required=False)
    hours = forms.TypedChoiceField(label="Age", choices=AGES, coerce=int, empty_value=None, required=False)

    def __init__(self, accounts: Any, *args: Any, **kwargs: Any) -> None:
        """`accounts` are those that may be named."""
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]

    def asked(self) -> HeldFilter | None:
        """What is asked for; None when that can't be told."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        account = values["account"]
        return HeldFilter(
            account.pk if account else None,
            values["cause"].strip(),
            values["sender"].strip(),
            values["hours"] or 0,
        )


def _checked(check: Any, value: str) -> str:
    try:
        return str(check(value))
    except Refused as refusal:
        raise ValidationError(str(refusal)) from None
