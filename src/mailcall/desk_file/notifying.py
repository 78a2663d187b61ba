"""What a desk file says of who hears of what: settings of partitions, and people's pagers."""

from typing import Any

from mailcall.desk.errors import Refused
from mailcall.desk.models import Partition, Person
from mailcall.desk_file.checking import Entry
from mailcall.desk_file.people import People
from mailcall.desk_file.references import References
from mailcall.desk_file.schema import NotificationsItem
from mailcall.outbound.message_types import switchable
from mailcall.outbound.models import NotificationSettings, OccasionSetting, PersonNotices

_FIELDS = tuple(NotificationsItem.model_fields)


def read_settings(partition: Partition, people: People) -> dict[str, Any]:
    """The notification settings that differ from the defaults."""
    row = NotificationSettings.objects.filter(partition=partition).first() or NotificationSettings()
    defaults = NotificationSettings()
    both = [(name, getattr(row, name), getattr(defaults, name)) for name in _FIELDS]
    return {name: value for name, value, default in both if value != default}


def save_settings(entry: Entry, partition: Partition, references: References) -> bool:
    """Set them all; what is left out gets its default."""
    wanted = entry.item.notifications
    row = NotificationSettings.objects.filter(partition=partition).first()
    before = {name: getattr(row or NotificationSettings(), name) for name in _FIELDS}
    row = row or NotificationSettings(partition=partition)
    for name in _FIELDS:
        setattr(row, name, getattr(wanted, name))
    if row.tells_of_updates != wanted.email_at_update and "email_at_update" in wanted.model_fields_set:
        raise Refused(
            "`email_at_update` is as `email` is, unless `email_optional_at_forward` is on: leave it out."
        )
    row.email_at_update = row.tells_of_updates
    if changed := {name: getattr(row, name) for name in _FIELDS} != before:
        row.save()
    return changed


def read_occasions(partition: Partition, people: People) -> dict[str, bool]:
    """Which message types are switched here, by code."""
    return _occasions(partition)


def save_occasions(entry: Entry, partition: Partition, references: References) -> bool:
    """Switch these, and no others. Raises Refused for a code that can't be switched."""
    wanted = entry.item.message_types
    known = {str(kind.code) for kind in switchable()}
    if strange := next((code for code in wanted if code not in known), None):
        raise Refused(f"“{strange}” is no message type that can be switched on or off: give its code.")
    if _occasions(partition) == wanted:
        return False
    OccasionSetting.objects.filter(partition=partition).delete()
    OccasionSetting.objects.bulk_create(
        OccasionSetting(partition=partition, type_code=int(code), active=active)
        for code, active in wanted.items()
    )
    return True


def read_pager(person: Person, people: People) -> str:
    """The address of their pager."""
    row = PersonNotices.objects.filter(person=person).first()
    return row.pager if row else ""


def save_pager(entry: Entry, person: Person, references: References) -> bool:
    """Set it; an empty one takes it away."""
    row = PersonNotices.objects.filter(person=person).first() or PersonNotices(person=person)
    if row.pager == entry.item.pager:
        return False
    row.pager = entry.item.pager
    row.save()
    return True


def _occasions(partition: Partition) -> dict[str, bool]:
    rows = OccasionSetting.objects.filter(partition=partition)
    return {str(row.type_code): row.active for row in rows}
