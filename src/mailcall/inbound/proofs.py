"""What an action asks of its sender as proof, and what a mail has to show for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailcall.inbound.reading import Reading


class Level(StrEnum):
    """How much proof an action asks for, from least to most."""

    ADDRESS = "address"
    SIGNED_ID = "signed id"
    TOKEN = "token"  # noqa: S105 - the name of a level
    AUTHENTICATED = "authenticated"


WANTED = {
    Level.ADDRESS: "an address on record",
    Level.SIGNED_ID: "an authenticated sender, or an answer to a mail of ours about it",
    Level.TOKEN: "an authenticated sender, or the token of the mail that asked them",
    Level.AUTHENTICATED: (
        "an authenticated sender: a DKIM signature of their domain, or the word of a server that is trusted"
    ),
}

# The same as whoever wrote is told it, who need not know how mail is signed.
_BY_YOU = "mail that your mail provider signs as yours"
ASKED_FOR = {
    Level.ADDRESS: "an address on record",
    Level.SIGNED_ID: f"{_BY_YOU}, or an answer to a mail of ours about it",
    Level.TOKEN: f"{_BY_YOU}, or an answer to the mail that asked you to decide",
    Level.AUTHENTICATED: f"{_BY_YOU}, or that comes by a mail server which this desk trusts",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """The level of an action where an account sets no other, and those that it may set."""

    default: Level
    allowed: tuple[Level, ...] = (Level.ADDRESS, Level.AUTHENTICATED)


_OWN = (Level.ADDRESS, Level.SIGNED_ID, Level.AUTHENTICATED)
_DECISION = (Level.TOKEN, Level.AUTHENTICATED)

ACTIONS: Mapping[str, Rule] = {
    "log call": Rule(Level.ADDRESS),
    "log request": Rule(Level.AUTHENTICATED),
    "log task": Rule(Level.AUTHENTICATED),
    "update": Rule(Level.ADDRESS),
    "pass on": Rule(Level.AUTHENTICATED),
    "close own": Rule(Level.SIGNED_ID, _OWN),
    "reopen own": Rule(Level.SIGNED_ID, _OWN),
    "close": Rule(Level.AUTHENTICATED),
    "reopen": Rule(Level.AUTHENTICATED),
    "forward": Rule(Level.AUTHENTICATED),
    "take": Rule(Level.AUTHENTICATED),
    "approve": Rule(Level.TOKEN, _DECISION),
    "reject": Rule(Level.TOKEN, _DECISION),
    "summary": Rule(Level.ADDRESS),
    "status": Rule(Level.ADDRESS),
    "help": Rule(Level.ADDRESS),
}


def faults_of(proofs: object) -> list[str]:
    """A sentence for each fault in what an account sets; a mapping of actions to levels has none."""
    if not isinstance(proofs, dict):
        return ["Proofs are given as levels by action, such as `close: authenticated`."]
    faults = []
    for action, level in proofs.items():
        rule = ACTIONS.get(str(action))
        if rule is None:
            faults.append(f"“{action}” is no action; there are {', '.join(ACTIONS)}.")
        elif level not in rule.allowed:
            faults.append(f"“{level}” is no proof for “{action}”: take {' or '.join(rule.allowed)}.")
    return faults


def level_of(action: str, proofs: Mapping[str, str]) -> Level:
    """The least proof that an action needs; what an account sets wrongly counts for nothing."""
    rule = ACTIONS[action]
    level = proofs.get(action, "")
    return Level(level) if level in rule.allowed else rule.default


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to prove who asks: `method` of an authenticated sender, an answer to a mail of ours.

    `confirmed` is how the person said on a page that it was them. `edited` says who changed the mail, of
    which nothing but the address counts then.
    """

    address: str = ""
    method: str = ""
    signed_id: str = ""
    confirmed: str = ""
    edited: str = ""

    def proof_for(self, level: Level) -> str:
        """What counts for a level, for the timeline; empty when nothing does."""
        if self.confirmed:
            return f"confirmed: {self.confirmed}"
        if self.method:
            return f"authenticated: {self.method}"
        if level in {Level.SIGNED_ID, Level.ADDRESS} and self.signed_id:
            return f"signed id in {self.signed_id}"
        if level is Level.ADDRESS and self.address:
            return ", ".join(filter(None, ("address", self.edited)))
        return ""


def shown_by(reading: Reading, *, verified: bool = True) -> Shown:
    """What a mail has to show; with an address that is not `verified` to be the person's, only that."""
    method = reading.evidence.method or "verified" if reading.evidence.authenticated else ""
    edited = reading.evidence.edited
    return Shown(address=reading.sender, method=method if verified and not edited else "", edited=edited)
