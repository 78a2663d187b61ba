"""Sending a mail again to another address, since the first was wrong."""

from django.db import transaction
from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.desk.models import Group
from mailcall.desk.people import may_act_as_analyst, people_by_address
from mailcall.message import address_ok, comparable, thread_ids
from mailcall.outbound.answers import CONFIRMATION
from mailcall.outbound.message_types import CALL_REOPENED, TYPES, Audience
from mailcall.outbound.models import Delivery, DeliveryState, Message
from mailcall.outbound.operations import cancel
from mailcall.outbound.suppressing import suppressed
from mailcall.outbound.surveys import SURVEY
from mailcall.outbound.threads import new_message_id, signing_keys, token_of
from mailcall.outbound.unsubscribing import READER

SECRETS = ("token", CONFIRMATION, SURVEY)
ENDED = (DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.CANCELLED)


def readdress(delivery: Delivery, address: str, by: str) -> Delivery:
    """Send the mail to this address instead, as a mail of its own; its delivery. Raises Refused.

    The first one is cancelled unless it has ended. A mail that left, or is leaving, can't be called back; but
    one of which a report says that it did not arrive may go to another address, too.
    """
    address, message = comparable(address.strip()), delivery.message
    if not address_ok(address):
        raise Refused(f"“{address}” is no address that mail can go to.")
    if address == delivery.recipient:
        raise Refused("That is the address that it has. Retry it instead.")
    if sentence := suppressed([address]).get(address):
        raise Refused(f"No mail goes to {address}. {sentence}")
    if message.removal:
        raise Refused(message.removal)
    if any(secret in message.data for secret in SECRETS):
        raise Refused("It carries a secret for its recipient alone, so it can't go to another address.")
    if _is_among_us(message) and not _is_one_of_us(address):
        raise Refused(
            f"It is meant for analysts alone, and {address} is neither an analyst's address nor a group's."
        )
    with transaction.atomic():
        if delivery.state not in ENDED and not (delivery.state == DeliveryState.SENT and delivery.reported):
            cancel(delivery)
        copy = _copy(message, delivery.recipient, address, by)
        return Delivery.objects.create(
            message=copy, partition_id=copy.partition_id, recipient=address, automatic=copy.automatic
        )


def _is_among_us(message: Message) -> bool:
    """Whether it may say what Users must not read."""
    kind = TYPES.get(message.type_code)
    to_staff = kind is None or kind.audience == Audience.STAFF
    reopened = kind is CALL_REOPENED and not message.data.get("for_user")
    return to_staff or reopened or bool(message.entry and message.entry.internal)


def _is_one_of_us(address: str) -> bool:
    people = people_by_address([address]).get(address, [])
    if any(may_act_as_analyst(person) for person in people):
        return True
    groups = Group.objects.exclude(addresses="").values_list("addresses", flat=True)
    return any(address == comparable(one.strip()) for own in groups for one in own.split(";"))


def _copy(message: Message, old: str, new: str, by: str) -> Message:
    """The same mail to one recipient, by a Message-ID of its own: others have it already by the first."""
    names = {comparable(address): name for name, address in (*message.to, *message.cc)}
    keys = signing_keys()
    target = thread_ids.read_token(token_of(message.message_id), keys)
    if target is None:
        raise Refused("Its Message-ID is none of ours, so it can't be sent as another mail.")
    copy = Message.objects.get(pk=message.pk)
    copy.pk = None
    copy._state.adding = True
    copy.message_id = new_message_id(target.number, message.partition.address, keys, target.kind)
    copy.to, copy.cc = [[names.get(old, ""), new]], []
    copy.data = {name: value for name, value in message.data.items() if name != READER}
    copy.created_at = timezone.now()
    copy.why = f"{by} sent it to {new} instead of {old}."[:300]
    copy.save()
    return copy
