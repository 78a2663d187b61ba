"""When each message type is sent and to whom, in words, for pages and the reference."""

from mailcall.outbound.message_types import TYPES, MessageType

ENTITIES = {
    1: "Calls",
    2: "Requests",
    3: "Tasks",
    4: "Approvals",
    5: "Commands",
    6: "Service levels",
    9: "Mails",
}

_IN_CHARGE = "the analyst, else the group"
_NEW = "the analyst it is for now, else the group"
_MENTIONED = "the analysts who are mentioned"
_CHOSEN = "whomever the analyst chose"

# To whom, and when.
_OCCASIONS: dict[int, tuple[str, str]] = {
    1001: ("the User", "mail logged the call, and may be answered"),
    1002: (_IN_CHARGE, "mail updated it"),
    1003: ("the analyst", "somebody else added a note on a page"),
    1004: (
        f"{_CHOSEN}; the User, for an analyst's reply by mail",
        "an analyst wrote, on the page or by mail",
    ),
    1005: (_NEW, "it was forwarded"),
    1006: ("the User", "it was closed"),
    1007: (f"the User; apart from them {_IN_CHARGE}", "it was opened again"),
    1008: ("the User", "it was resolved, and waits to be closed"),
    1009: ("whoever is to close it", "it was resolved, or could not be"),
    1010: ("the User", "it is resolved, and will be closed by itself soon"),
    1011: ("the User", "it was merged into another, where it goes on"),
    1012: (_IN_CHARGE, "it was deferred, and came back by itself"),
    1013: (_IN_CHARGE, "it is new and theirs"),
    1014: ("the User", "it was deferred"),
    1015: ("the User", "it was suspended"),
    1016: (_MENTIONED, "a note or a mail of an analyst has their name behind an @"),
    1017: ("the User", "it was closed some time ago"),
    2001: ("the User", "it was logged; not if a mail of theirs did, which gets an answer of its own"),
    2002: (_IN_CHARGE, "mail updated it"),
    2003: (_NEW, "it was forwarded"),
    2004: ("the User", "it was closed, rejected or cancelled"),
    2005: ("the User", "it was closed, and is open again"),
    2006: (_IN_CHARGE, "it is new and theirs"),
    2007: (_IN_CHARGE, "somebody else added a note on a page"),
    2008: (_MENTIONED, "a note or a mail of an analyst has their name behind an @"),
    2009: (_CHOSEN, "an analyst wrote"),
    3001: ("who is in charge", "a plain task is to be done from now on"),
    3002: ("who is in charge", "mail updated it"),
    3003: (_NEW, "it was forwarded"),
    3004: ("who is in charge", "a reminder of a plain task is due"),
    3005: ("who is in charge", "its time limit passed"),
    3006: ("who is in charge", "it wants approval, and there is nobody to ask"),
    3007: ("who is in charge", "somebody else added a note on a page"),
    3008: (_MENTIONED, "a note or a mail of an analyst has their name behind an @"),
    3009: (_CHOSEN, "an analyst wrote"),
    4001: ("whoever is asked and each of their delegates, each with a token of their own", "they may decide"),
    4002: ("the same", "they have not decided, and a reminder is due"),
    4003: ("whoever was asked by mail", "nothing is left for them to decide"),
    4004: ("whoever was asked", "a delegate decided for them"),
    4005: ("who is in charge of the task", "somebody decided"),
    4006: ("a new delegate", "something waits for whom they may decide for"),
    5001: ("whoever wrote", "their mail asked for something, and may be answered"),
    5002: ("whoever is on record with the address", "nothing but that shows that they wrote a command"),
    6001: ("whom the level of the agreement says", "a target is near, or passed by some time"),
    6002: ("whom the agreement says", "a target passed"),
    9001: ("the address of the account that the setting round_trip_account names", "a round trip is due"),
    9002: ("whoever wrote", "a mail was above the account's size limit, and may be answered"),
    9003: ("whoever wants notices once a day, or was to get many", "their time has come, or a flood ends"),
}


def occasion(kind: MessageType) -> tuple[str, str]:
    """To whom a message type goes, and when."""
    return _OCCASIONS.get(kind.code) or (str(kind.audience), "")


def by_entity() -> dict[str, list[MessageType]]:
    """All message types, by what they are about."""
    return {
        entity: [kind for kind in TYPES.values() if kind.code // 1000 == thousands]
        for thousands, entity in ENTITIES.items()
    }
