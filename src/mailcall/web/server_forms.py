"""What is typed about outgoing servers, checked."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailcall import transport
from mailcall.desk_file.servers import missing_setting
from mailcall.message import ascii_domain
from mailcall.outbound.models import OutgoingServer

METHODS = {
    "auto": "Automatic: the most secure",
    "scram-sha-256": "SCRAM-SHA-256",
    "scram-sha-1": "SCRAM-SHA-1",
    "plain": "PLAIN",
    "login": "LOGIN",
    "cram-md5": "CRAM-MD5",
    "none": "No sign-in",
}
PROTOCOLS = {"smtp": "SMTP", "maildir": "Maildir, a folder on this machine"}
SECURITIES = {
    "tls": "TLS from the start",
    "starttls": "STARTTLS",
    "plain": "None: all can be read on the way",
}
WORK = {
    0: "Any mail",
    1: "Only about work of priority 1",
    **{n: f"Only about work of priority 1 to {n}" for n in range(2, 6)},
}
GROUPS = {
    "Where": ("name", "protocol", "server", "port", "security", "ca_file", "path"),
    "Sign-in": ("login", "new_password", "auth_method", "forget_password"),
    "Which mail": ("partition", "sender_domains", "call_priority", "priority"),
    "How fast": ("rate_limit", "domain_rate_limit"),
    "How it leaves": ("envelope_tags", "from_group", "pager_encoding"),
}


class ServerForm(forms.ModelForm):  # type: ignore[type-arg]
    """All settings of an outgoing server. The password is never shown."""

    protocol = forms.ChoiceField(choices=[(name, PROTOCOLS.get(name, name)) for name in transport.PROTOCOLS])
    port = forms.IntegerField(min_value=1, max_value=65_535)
    security = forms.ChoiceField(label="Encryption", choices=list(SECURITIES.items()))
    auth_method = forms.ChoiceField(label="Authentication method", choices=list(METHODS.items()))
    call_priority = forms.TypedChoiceField(
        label="Priority of work",
        choices=list(WORK.items()),
        coerce=int,
        error_messages={"invalid_choice": "A priority is 1, the most urgent, to 5; 0 is any mail."},
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
        fields = [name for names in GROUPS.values() for name in names]
        labels = {
            "server": "Host name",
            "path": "Folder",
            "ca_file": "File of its certification authority",
            "sender_domains": "Only mail from these domains",
            "priority": "Turn",
            "rate_limit": "Recipients in a minute",
            "domain_rate_limit": "Of one domain in a minute",
            "from_group": "Send emails from this group",
            "envelope_tags": "An envelope sender for each copy",
        }
        help_texts = {
            "partition": "",
            "ca_file": "PEM, on this machine; only for a private one.",
            "path": "Only for Maildir.",
            "sender_domains": "Separated by blanks; empty: any.",
            "priority": "Of several that take a mail, the one with the least is tried first.",
            "rate_limit": "At most; 0: no limit.",
            "domain_rate_limit": "At most; 0: no limit.",
        }
        widgets = {"sender_domains": forms.TextInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.Meta.fields)
        self.fields["partition"].empty_label = "All partitions"  # type: ignore[attr-defined]
        self.fields["sender_domains"].required = False
        if self.instance.password:
            self.fields["new_password"].help_text = "Empty: the stored one stays."
        else:
            del self.fields["forget_password"]

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields, with what each group of them is about."""
        return [
            (title, [self[name] for name in names if name in self.fields]) for title, names in GROUPS.items()
        ]

    def clean_sender_domains(self) -> str:
        """Each once, in ASCII. Raises ValidationError for what is no domain."""
        domains = []
        for typed in str(self.cleaned_data["sender_domains"]).replace(",", " ").split():
            domain = ascii_domain(typed.lstrip("@").lower())
            if not domain or "." not in domain.strip("."):
                raise ValidationError(f"“{typed}” is no domain.")
            domains.append(domain)
        return "\n".join(dict.fromkeys(domains))

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
