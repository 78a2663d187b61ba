"""What is kept of mail that leaves: servers, the message table, tokens."""

from mailcall.outbound.models.dkim import DkimKey
from mailcall.outbound.models.drafts import Draft, DraftFile, DraftKind, SenderKind, Snippet
from mailcall.outbound.models.messages import (
    FINAL_STATES,
    WAITING_STATES,
    Delivery,
    DeliveryState,
    Message,
    MessageChannel,
)
from mailcall.outbound.models.notices import (
    DigestItem,
    Notice,
    NotificationSettings,
    NotTold,
    OccasionSetting,
    PersonChoice,
    PersonNotices,
    Wish,
)
from mailcall.outbound.models.servers import OutgoingServer, Pace
from mailcall.outbound.models.suppressions import Suppression, SuppressionCause
from mailcall.outbound.models.templates import (
    Layout,
    Template,
    TemplateChannel,
    TemplateFile,
    TemplateRule,
    TemplateStamp,
    TemplateVersion,
    TypeName,
)
from mailcall.outbound.models.tokens import Token

__all__ = [
    "FINAL_STATES",
    "WAITING_STATES",
    "Delivery",
    "DeliveryState",
    "DigestItem",
    "DkimKey",
    "Draft",
    "DraftFile",
    "DraftKind",
    "Layout",
    "Message",
    "MessageChannel",
    "NotTold",
    "Notice",
    "NotificationSettings",
    "OccasionSetting",
    "OutgoingServer",
    "Pace",
    "PersonChoice",
    "PersonNotices",
    "SenderKind",
    "Snippet",
    "Suppression",
    "SuppressionCause",
    "Template",
    "TemplateChannel",
    "TemplateFile",
    "TemplateRule",
    "TemplateStamp",
    "TemplateVersion",
    "Token",
    "TypeName",
    "Wish",
]
