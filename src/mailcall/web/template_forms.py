"""The forms of templates of mails, their layouts, files and use."""

from typing import Any

from django import forms

from mailcall.desk.models.people import is_language
from mailcall.outbound.message_types import TYPES, MessageType
from mailcall.outbound.models import Layout, Template, TemplateChannel, TemplateRule
from mailcall.outbound.templating.checking import Sources
from mailcall.web.forms import words_field

_CODE = {"spellcheck": "false", "class": "mono"}


def _code_field(rows: int, **more: Any) -> forms.CharField:
    field = words_field(rows, **more)
    field.widget.attrs |= _CODE
    field.strip = False
    return field


class NewTemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A template begins with a name and what Mailcall says in a language."""

    language = forms.CharField(max_length=35, validators=[is_language], help_text="Such as en, de or pt-BR.")

    class Meta:
        model = Template
        fields = ["name", "channel", "layout"]
        error_messages = {
            "name": {"required": "It needs a name.", "unique": "There is a template with this name."}
        }

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["layout"].empty_label = "Mailcall's own"  # type: ignore[attr-defined]


class SourcesForm(forms.Form):
    """What a template says in one language."""

    subject = forms.CharField(
        required=False,
        max_length=500,
        help_text="Empty: as Mailcall has it. The tag, such as [Call 1042], is put before it.",
        widget=forms.TextInput(attrs=_CODE),
    )
    html = _code_field(22, label="HTML", required=False)
    text = _code_field(14, label="Plain text", required=False, help_text="Empty: made from the HTML.")

    def __init__(self, *args: Any, channel: str, **named: Any) -> None:
        super().__init__(*args, **named)
        if channel != TemplateChannel.EMAIL:
            del self.fields["html"]
            self.fields["text"].help_text = "One short text."

    def sources(self) -> Sources:
        """As they were typed, when the form is valid."""
        return Sources(**{name: self.cleaned_data.get(name, "") for name in ("subject", "html", "text")})


class LayoutForm(forms.ModelForm):  # type: ignore[type-arg]
    """What stands around several templates."""

    html = _code_field(26, label="HTML", help_text="With a place for {{ content }}; styles in one <style>.")
    text = _code_field(8, label="Plain text", required=False, help_text="The same; empty: nothing around it.")

    class Meta:
        model = Layout
        fields = ["name", "html", "text"]
        error_messages = {
            "name": {"required": "It needs a name.", "unique": "There is a layout with this name."}
        }


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """When a template writes a message type."""

    class Meta:
        model = TemplateRule
        fields = ["template", "is_default", "partition", "language", "priority", "group", "order"]
        labels = {"is_default": "Default of this message type"}

    def __init__(self, *args: Any, kind: MessageType, **named: Any) -> None:
        super().__init__(*args, **named)
        self.instance.type_code = kind.code
        templates = self.fields["template"].queryset  # type: ignore[attr-defined]
        same = [code for code, other in TYPES.items() if other.template == kind.template]
        self.fields["template"].queryset = templates.filter(type_code__in=same)  # type: ignore[attr-defined]
        for name in ("partition", "group"):
            self.fields[name].empty_label = "any"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A default has no conditions."""
        values = super().clean() or {}
        conditions = ("partition", "language", "priority", "group")
        if values.get("is_default") and any(values.get(name) for name in conditions):
            raise forms.ValidationError("The default is for all that no condition fits: leave those empty.")
        if not values.get("is_default") and not any(values.get(name) for name in conditions):
            raise forms.ValidationError("Give a condition, or make it the default.")
        return values


class FileForm(forms.Form):
    """A file that goes with each mail."""

    file = forms.FileField(allow_empty_file=True)
    cid = forms.CharField(
        label="Image name", required=False, max_length=100, help_text="To show it: cid:name. Empty: attached."
    )


class TypeNameForm(forms.Form):
    """What the administrator calls a message type."""

    name = forms.CharField(max_length=100, required=False, help_text="Empty: as Mailcall has it.")


class TryForm(forms.Form):
    """What to try a template with."""

    number = forms.IntegerField(required=False, min_value=1, max_value=2**62)
