"""What forms let people choose from, read when a form is shown or checked."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailcall.desk.delegations import is_active
from mailcall.desk.issue_types import full_names
from mailcall.desk.models import Group, IssueType, Person

Choices = Sequence[tuple[str, str]]


class GroupField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One group, or none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "queryset": Group.objects.all(),
                "required": False,
                "label": "Group",
                "empty_label": "none",
                **kwargs,
            }
        )


class AnalystField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One active analyst, or none."""

    def __init__(self, **kwargs: Any) -> None:
        analysts = Person.objects.filter(is_analyst=True, is_template=False, active=True).exclude(email="")
        super().__init__(analysts, **{"label": "Analyst", "empty_label": "none", "required": False, **kwargs})


class IssueTypeField(forms.TypedChoiceField):
    """One of the issue types in use, by its full name, or none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label="Issue type",
            required=False,
            choices=_issue_types,
            coerce=_issue_type,
            empty_value=None,
            **kwargs,
        )


class PersonField(forms.EmailField):
    """A person of this desk, by the address on record."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "max_length": 254,
                "error_messages": {
                    "required": "Type the address of a person.",
                    "invalid": "That is not an email address.",
                },
                **kwargs,
            }
        )

    def clean(self, value: Any) -> Person | None:
        """The person: of several with the same address the first on record. Raises ValidationError."""
        address = super().clean(value)
        if not address:
            return None
        for person in Person.objects.filter(email=address.strip().casefold()).order_by("pk"):
            if is_active(person):
                return person
        raise ValidationError(f"Nobody who can act on this desk has the address {address}.")


class PeopleField(forms.CharField):
    """Several persons of this desk, by their addresses, between commas, semicolons, spaces or line breaks."""

    most = 50

    def clean(self, value: Any) -> list[Person]:
        """The persons, each once. Raises ValidationError that names the first who is not there."""
        parts = super().clean(value).replace(",", " ").replace(";", " ").split()
        if len(parts) > self.most:
            raise ValidationError(f"At most {self.most} people, please.")
        found = [PersonField().clean(part) for part in parts]
        return list({person.pk: person for person in found if person}.values())


def _issue_types() -> Choices:
    active = set(IssueType.objects.filter(active=True).order_by().values_list("pk", flat=True))
    names = sorted((name, key) for key, name in full_names().items() if key in active)
    return [("", "none"), *((str(key), name) for name, key in names)]


def _issue_type(key: str) -> IssueType:
    return IssueType.objects.get(pk=key)
