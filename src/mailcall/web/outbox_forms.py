"""What is typed on the page of the outbox, checked."""

from typing import Any

from django import forms

from mailcall.outbound.message_types import TYPES
from mailcall.outbound.models import DeliveryState, OutgoingServer
from mailcall.outbound.outbox import OutboxFilter
from mailcall.web.mail_forms import AGES


class OutboxForm(forms.Form):
    """Which deliveries are meant."""

    state = forms.ChoiceField(choices=[("", "Any"), *DeliveryState.choices], required=False)
    server = forms.ModelChoiceField(OutgoingServer.objects.all(), required=False, empty_label="Any")
    recipient = forms.CharField(max_length=320, required=False)
    type_code = forms.TypedChoiceField(
        label="Type",
        choices=[("", "Any"), *((code, str(kind)) for code, kind in sorted(TYPES.items()))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    hours = forms.TypedChoiceField(label="Age", choices=AGES, coerce=int, empty_value=None, required=False)

    def asked(self) -> OutboxFilter | None:
        """What is asked for; None when that can't be told."""
        if not self.is_valid():
            return None
        values: dict[str, Any] = self.cleaned_data
        server = values["server"]
        return OutboxFilter(
            values["state"],
            server.pk if server else None,
            values["recipient"].strip(),
            values["type_code"],
            values["hours"] or 0,
        )
