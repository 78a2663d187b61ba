"""What is typed about people, groups, organisations and roles, checked."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailcall.desk.models import Group, Organisation, OrganisationDomain, Partition, Person, Right, Role
from mailcall.desk.models.people import time_zones
from mailcall.desk.rights import MEANINGS
from mailcall.message import comparable
from mailcall.web.choices import GroupField
from mailcall.web.forms import MailboxesField

MOST_OFFERED = 500


class SuggestingInput(forms.TextInput):
    """A field of one line that offers some answers, and takes others."""

    template_name = "web/people/suggesting.html"

    def __init__(self, suggestions: Any) -> None:
        super().__init__()
        self.suggestions = suggestions

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The suggestions are asked for when the field is drawn."""
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_list"
        context["widget"]["attrs"]["list"] = list_id
        return {**context, "list_id": list_id, "suggestions": self.suggestions()}


def organisation_names() -> list[str]:
    """Some of them, to choose from."""
    return list(Organisation.objects.values_list("name", flat=True)[:MOST_OFFERED])


def organisation_of(name: str) -> Organisation | None:
    """The organisation of this name, if any is given. Raises ValidationError when there is none."""
    name = name.strip()
    if not name:
        return None
    found = Organisation.objects.filter(name=name).first()
    if found is None:
        raise ValidationError(f"There is no organisation {name}. Add it first, on the page Organisations.")
    return found


def _holders() -> list[str]:
    analysts = Person.objects.filter(is_analyst=True, active=True, is_template=False)
    groups = list(Group.objects.values_list("name", flat=True)[:MOST_OFFERED])
    return groups + list(analysts.values_list("email", flat=True)[:MOST_OFFERED])


def _analysts() -> list[str]:
    analysts = Person.objects.filter(is_analyst=True, active=True, is_template=False)
    return list(analysts.values_list("email", flat=True)[:MOST_OFFERED])


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person's record, but for their addresses."""

    organisation = forms.CharField(
        required=False, max_length=200, widget=SuggestingInput(organisation_names), help_text="By its name."
    )
    time_zone = forms.CharField(
        required=False, max_length=50, widget=SuggestingInput(lambda: sorted(time_zones()))
    )

    class Meta:
        model = Person
        fields = [
            "name",
            "is_user",
            "is_analyst",
            "available_recipient",
            "organisation",
            "language",
            "time_zone",
            "default_group",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = Group.objects.filter(members=self.instance.pk) if self.instance.pk else Group.objects.none()
        if groups.exists():
            self.fields["default_group"] = GroupField(
                label="Default group",
                queryset=groups,
                empty_label="the one that they were put into first",
                help_text="Whose address their mails may be from.",
            )
        else:
            del self.fields["default_group"]
        self.fields["name"].required = True
        self.fields["time_zone"].help_text = "Such as Europe/Berlin."
        if self.instance.organisation:
            self.initial["organisation"] = self.instance.organisation.name

    def clean_organisation(self) -> Organisation | None:
        """The organisation of this name. Raises ValidationError when there is none."""
        return organisation_of(self.cleaned_data["organisation"])


class NewPersonForm(PersonForm):
    """The same with the address on record."""

    class Meta(PersonForm.Meta):
        fields = ["name", "email", *PersonForm.Meta.fields[1:]]

    email = forms.EmailField(label="Address", max_length=254)

    def clean_email(self) -> str:
        """The comparable address."""
        return comparable(self.cleaned_data["email"])


class AddressForm(forms.Form):
    """A further address."""

    address = forms.EmailField(
        label="Address",
        max_length=254,
        error_messages={"required": "Type an address.", "invalid": "That is not an email address."},
    )
    verified = forms.BooleanField(
        required=False,
        label="I know for certain that it is theirs",
        help_text="Nothing is done in their name by mail from an address that is not verified.",
    )

    def clean_address(self) -> str:
        """The comparable address."""
        return comparable(self.cleaned_data["address"])


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]
    """A group's name and how mail reaches it."""

    addresses = MailboxesField(
        required=False, label="Addresses", help_text="Its own, separated by semicolons."
    )

    class Meta:
        model = Group
        fields = ["name", "addresses", "email_analysts"]

    def clean_addresses(self) -> str:
        """The addresses as the table keeps them."""
        return "; ".join(address for _, address in self.cleaned_data["addresses"])


class MemberForm(forms.Form):
    """An analyst who joins a group."""

    address = forms.CharField(label="Analyst", max_length=254, widget=SuggestingInput(_analysts))


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]
    """An organisation with its domains."""

    domains = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line. Who first writes from one of them belongs to the organisation.",
    )

    class Meta:
        model = Organisation
        fields = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["domains"] = "\n".join(map(str, self.instance.domains.all()))

    def clean_domains(self) -> list[str]:
        """The domains, each once. Raises ValidationError for what is none, or is another's."""
        parts = str(self.cleaned_data["domains"]).replace(",", " ").split()
        domains = list(dict.fromkeys(comparable(f"x@{part.lstrip('@')}")[2:] for part in parts))
        for domain in domains:
            if "@" in domain or "." not in domain.strip("."):
                raise ValidationError(f"“{domain}” is no domain.")
        taken = OrganisationDomain.objects.filter(domain__in=domains).exclude(organisation=self.instance.pk)
        if other := taken.select_related("organisation").first():
            raise ValidationError(f"{other.domain} is a domain of {other.organisation}.")
        return domains


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A role's name and rights."""

    rights = forms.MultipleChoiceField(
        required=False,
        choices=[(right.value, f"May {MEANINGS[right].format('the partition')}") for right in Right],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Role
        fields = ["name", "rights"]


class GrantForm(forms.Form):
    """Who gets a role, and where."""

    holder = forms.CharField(
        label="Group, or address of an analyst", max_length=254, widget=SuggestingInput(_holders)
    )
    partition = forms.ModelChoiceField(
        Partition.objects.all(), required=False, empty_label="All partitions", label="In"
    )
