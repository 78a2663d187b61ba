"""What is typed about outgoing servers, checked."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailcall import transport
from mailcall.desk_file.servers import missing_setting
from mailcall.message import ascii_domain
from mailcall.outbound.models import OutgoingServer

METHODS = ("auto", "scram-sha-256", "scram-sha-1", "plain", "login", "cram-md5", "none")


class ServerForm(forms.ModelForm):  # type: ignore[type-arg]
    """All settings of an outgoing server. The password is never shown."""

    protocol = forms.ChoiceField(choices=[(name, name) for name in transport.PROTOCOLS])
    auth_method = forms.ChoiceField(
        label="Authentication method",
        choices=[(name, name) for name in METHODS],
        help_text="`auto` takes the most secure that the server offers.",
    )
    new_password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget_password = forms.BooleanField(label="Forget the stored password", required=False)

    class Meta:
        model = OutgoingServer
        fields = [
            "name",
            "protocol",
            "server",
            "port",
            "security",
            "login",
            "new_password",
            "forget_password",
            "auth_method",
            "ca_file",
            "path",
            "partition",
            "sender_domains",
            "call_priority",
            "priority",
            "rate_limit",
            "domain_rate_limit",
            "from_group",
            "pager_encoding",
            "envelope_tags",
        ]
        widgets = {"sender_domains": forms.TextInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.Meta.fields)
        self.fields["partition"].empty_label = "All partitions"  # type: ignore[attr-defined]
        self.fields["call_priority"].widget.attrs["max"] = 5
        self.fields["ca_file"].label = "File of its certification authority"
        self.fields["ca_file"].help_text = "PEM, on this machine; only for a private one."
        self.fields["sender_domains"].required = False
        if self.instance.password:
            self.fields["new_password"].help_text = "Empty: the stored one stays."
        else:
            del self.fields["forget_password"]

    def clean_sender_domains(self) -> str:
        """Each once, in ASCII. Raises ValidationError for what is no domain."""
        domains = []
        for typed in str(self.cleaned_data["sender_domains"]).replace(",", " ").split():
            domain = ascii_domain(typed.lstrip("@").lower())
            if not domain or "." not in domain.strip("."):
                raise ValidationError(f"“{typed}” is no domain.")
            domains.append(domain)
        return "\n".join(dict.fromkeys(domains))

    def clean_call_priority(self) -> int:
        """From 0 to 5."""
        priority = int(self.cleaned_data["call_priority"])
        if priority > 5:
            raise ValidationError("A priority is 1, the most urgent, to 5; 0 is any mail.")
        return priority

    def _post_clean(self) -> None:
        """After the values are in the instance: what the protocol can't do without."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and (missing := missing_setting(self.instance)):
            self.add_error(*missing)

    def save(self, commit: bool = True) -> Any:
        """Save it; its breaker is closed, since it may work now."""
        if password := self.cleaned_data["new_password"]:
            self.instance.password = password
        elif self.cleaned_data.get("forget_password"):
            self.instance.password = ""
        self.instance.close_breaker()
        return super().save(commit)
