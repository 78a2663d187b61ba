"""What is kept of mail that leaves: servers, the message table, tokens."""

from mailcall.outbound.models.messages import (
    FINAL_STATES,
    WAITING_STATES,
    Delivery,
    DeliveryState,
    Message,
)
from mailcall.outbound.models.servers import OutgoingServer
from mailcall.outbound.models.tokens import Token

__all__ = [
    "FINAL_STATES",
    "WAITING_STATES",
    "Delivery",
    "DeliveryState",
    "Message",
    "OutgoingServer",
    "Token",
]
