"""Whose mail it is: the documented table of User and logging analyst."""

from dataclasses import dataclass

from mailcall.desk.models import Person
from mailcall.desk.people import may_act_as_analyst
from mailcall.inbound.decision import Facts, Original
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.forwarded import look_for_original


@dataclass(frozen=True, slots=True)
class Whose:
    """The User (None: a new person), the logging analyst, and both explained in a sentence."""

    user: Person | None
    logged_by: Person | None
    explained: str
    original: Original | None = None


def whose(reading: Reading, facts: Facts) -> Whose:
    """The row of the sender table that fits.

    | sender's address           | Use Linked Analyst | User         | logging analyst              |
    |----------------------------|--------------------|--------------|------------------------------|
    | matches nobody             | any                | a new person | the Default Logging Analyst  |
    | a User only                | any                | the sender   | the Default Logging Analyst  |
    | an Analyst (User too, not) | on                 | the sender   | the sender                   |
    | an Analyst (User too, not) | off                | the sender   | the Default Logging Analyst  |
    | any, no Default set        | -                  | as above     | the sender                   |

    What an Analyst forwards may be for who wrote it: then that is the User, and all else as above.
    """
    account, sender = facts.account, facts.sender
    default = account.default_logging_analyst
    if sender is None:
        who = f"{reading.sender or 'The sender'} matches nobody: a new User."
    elif not sender.active:
        who = f"{reading.sender} is the address of {sender}, who has left."
    elif not sender.address_verified:
        who = f"{reading.sender} is an address of {sender} that nobody verified."
    elif sender.is_analyst:
        who = f"{reading.sender} is the Analyst {sender}."
    elif sender.is_user:
        who = f"{reading.sender} is the User {sender}."
    else:
        who = f"{reading.sender} is {sender}, an external contact."
    if default is None:
        how, logged_by = "No Default Logging Analyst is set: the sender logs it.", sender
    elif sender and may_act_as_analyst(sender) and account.use_linked_analyst:
        how, logged_by = "Use Linked Analyst is on: the sender logs it.", sender
    else:
        how, logged_by = f"The Default Logging Analyst {default} logs it.", default
    looked = look_for_original(reading, facts)
    user = looked.original.person if looked.original else sender
    explained = f"{who}{shared_address(facts)} {how} {looked.explained}".rstrip()
    return Whose(user, logged_by, explained, looked.original)


def shared_address(facts: Facts) -> str:
    """A sentence, with a space before it, when several persons have the sender's address."""
    if len(facts.senders) < 2:
        return ""
    return f" {len(facts.senders)} persons share that address; the first record, {facts.sender}, wins."
