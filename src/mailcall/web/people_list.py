"""Finding people for the list: every way of asking costs the same however many there are."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from mailcall.desk.models import Person, PersonAddress
from mailcall.web.paging import Page, newest_first

WINDOW = 20_000
FOUND_BY_ADDRESS = 200

KINDS: Mapping[str, Q] = {
    "all": Q(),
    "users": Q(is_user=True, active=True),
    "analysts": Q(is_analyst=True, active=True),
    "contacts": Q(is_user=False, is_analyst=False, active=True),
    "left": Q(active=False),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is asked for."""

    which: str
    query: str
    before: int | None


def find_people(asked: Asked) -> Page[Person]:
    """The people of a kind, newest first: all, or by the beginning of an address, or by words of the name.

    Only who has an address is somebody; unknown senders and the erased are left out.
    """
    rows = Person.objects.exclude(email="").filter(KINDS[asked.which]).select_related("organisation")
    if "@" in asked.query:
        return newest_first(rows.filter(_by_address(asked.query)), before=asked.before, window=None)
    for word in asked.query.split()[:8]:
        rows = rows.filter(Q(name__icontains=word) | Q(email__startswith=word.casefold()))
    window = WINDOW if asked.query or asked.which != "all" else None
    return newest_first(rows, before=asked.before, window=window)


def _by_address(query: str) -> Q:
    start = query.strip("<> ").casefold()
    end = start + "\U0010ffff"
    rows: QuerySet[PersonAddress] = PersonAddress.objects.filter(address__gte=start, address__lt=end)
    further = list(rows.values_list("person", flat=True)[:FOUND_BY_ADDRESS])
    return Q(email__gte=start, email__lt=end) | Q(pk__in=further)
