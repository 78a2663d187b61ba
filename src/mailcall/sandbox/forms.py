"""The form that writes a mail into the sandbox."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailcall.sandbox.letters import Letter, LetterError, parse_address


class LetterForm(forms.Form):
    """A mail from anybody to anybody, for trying."""

    sender = forms.CharField(label="From", max_length=320, initial="ann@customer.example")
    to = forms.CharField(label="To", max_length=1_000, initial="support@demo.example")
    subject = forms.CharField(required=False, max_length=500)
    body = forms.CharField(
        label="Text", required=False, max_length=100_000, widget=forms.Textarea({"rows": 6})
    )

    def clean_sender(self) -> str:
        """One address."""
        return _checked(self.cleaned_data["sender"])

    def clean_to(self) -> list[str]:
        """One address or several, between commas or semicolons."""
        parts = self.cleaned_data["to"].replace(";", ",").split(",")
        return [_checked(part.strip()) for part in parts if part.strip()]

    def letter(self) -> Letter:
        """The mail of a form that is valid."""
        data: dict[str, Any] = self.cleaned_data
        return Letter(sender=data["sender"], to=data["to"], subject=data["subject"], body=data["body"])


class ReplyForm(forms.Form):
    """An answer to a mail; everything but the words is known."""

    body = forms.CharField(label="Your answer", max_length=100_000, widget=forms.Textarea({"rows": 6}))


def _checked(text: str) -> str:
    try:
        parse_address(text)
    except LetterError as error:
        raise ValidationError(str(error)) from None
    return text
