"""Rule a, on the word of others: the gateway's mark of spam, and what the antivirus daemon found."""

from dataclasses import dataclass

from mailcall.inbound.decision import Action, Decision, Facts, Verdict
from mailcall.inbound.reading import Reading


@dataclass(frozen=True)
class Virus:
    """A mail in which the antivirus daemon found something when it came."""

    letter: str = "a"
    name: str = "virus"
    description: str = "Rejects a mail in which the antivirus daemon found a virus."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on what was journalled with the mail; nobody is asked again."""
        evidence = reading.evidence
        if evidence.virus:
            return Verdict(
                f"The antivirus daemon found {evidence.virus} in it.",
                _rejected(reading, facts, f"It holds a virus: {evidence.virus}."),
            )
        return Verdict(evidence.unscanned or "No virus is known in it.")


@dataclass(frozen=True)
class SpamMark:
    """A mail that the account's own gateway marked as spam."""

    letter: str = "a"
    name: str = "spam mark"
    description: str = "Rejects a mail that carries the gateway's mark of spam, which the account names."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on the mark that was found when it came, above what came in with the mail."""
        mark = reading.evidence.spam
        if not mark:
            return Verdict("The gateway did not mark it as spam.")
        return Verdict(
            f"The gateway wrote “{mark}” into it.",
            _rejected(reading, facts, f"The gateway marked it as spam: {mark}."),
        )


def _rejected(reading: Reading, facts: Facts, reason: str) -> Decision:
    return Decision(
        Action.REJECT,
        reason,
        sender=facts.sender,
        sender_name=reading.sender,
        no_answer="A rejected mail is not answered.",
    )
