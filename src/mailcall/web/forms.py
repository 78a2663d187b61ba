"""What people may type, checked, with a sentence for each mistake."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailcall.outbound.typed_addresses import Mailbox, read_typed

UNKNOWN_VERSION = "The form did not say which version it is about. Look, then decide again."


class MailboxesField(forms.CharField):
    """Addresses with or without names, as people type them; gives (name, address)s, each once."""

    default_error_messages = {"required": "Name at least one address."}
    most = 50

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=10_000, **kwargs)

    def clean(self, value: Any) -> list[Mailbox]:
        """The addresses. Raises ValidationError that names the first wrong one."""
        typed = read_typed(super().clean(value))
        if typed.wrong:
            raise ValidationError(f"“{typed.wrong[0]}” is not an email address.")
        if self.required and not typed.mailboxes:
            raise ValidationError(self.error_messages["required"])
        if len(typed.mailboxes) > self.most:
            raise ValidationError(f"At most {self.most} addresses, please.")
        return list(typed.mailboxes)


def words_field(rows: int, **kwargs: Any) -> forms.CharField:
    """Free text in so many rows."""
    return forms.CharField(max_length=100_000, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


class NoteForm(forms.Form):
    """An internal note."""

    text = words_field(4, label="Note", error_messages={"required": "A note needs some text."})


def version_field() -> forms.IntegerField:
    """What the form is about, as it was when the page was made."""
    return forms.IntegerField(
        min_value=0,
        widget=forms.HiddenInput(attrs={"data-version": ""}),
        error_messages={"required": UNKNOWN_VERSION, "invalid": UNKNOWN_VERSION},
    )


class StateForm(forms.Form):
    """Resolving, closing or reopening, with a comment. `version` is what the page was made of."""

    comment = words_field(2, required=False, label="Comment")
    unsolved = forms.BooleanField(label="It could not be solved", required=False)
    version = version_field()


class ActionForm(forms.Form):
    """Something that is done to `target`, with words if there are any."""

    text = words_field(2, required=False, label="Comment")
    version = version_field()

    def __init__(self, *args: Any, target: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target

    def about(self, version: int) -> "ActionForm":
        """The same form, with all that was typed, about this version."""
        self.data = {**{name: self.data.get(name, "") for name in self.data}, "version": str(version)}
        return self


class ParticipantForm(forms.Form):
    """An address that shall take part."""

    address = forms.EmailField(
        label="Address",
        max_length=254,
        error_messages={"required": "Type an address.", "invalid": "That is not an email address."},
    )
    name = forms.CharField(label="Name", max_length=200, required=False)


class DiscardForm(forms.Form):
    """Why a mail is thrown away."""

    reason = forms.CharField(
        label="Reason", max_length=300, error_messages={"required": "Say why this mail is discarded."}
    )
