"""The desk's tables."""

from mailcall.desk.models.calls import (
    Attachment,
    Call,
    CallLink,
    Channel,
    Content,
    EntryKind,
    LinkState,
    Participant,
    RemovedCall,
    State,
    TimelineEntry,
)
from mailcall.desk.models.people import CallTemplate, Group, Membership, Partition, Person

__all__ = [
    "Attachment",
    "Call",
    "CallLink",
    "CallTemplate",
    "Channel",
    "Content",
    "EntryKind",
    "Group",
    "LinkState",
    "Membership",
    "Participant",
    "Partition",
    "Person",
    "RemovedCall",
    "State",
    "TimelineEntry",
]
