"""Which names of the desk would be read as a subject command."""

from mailcall.grammar import DEFAULT, parse
from mailcall.inbound.models import IncomingAccount


def why_no_name(name: str) -> str:
    """Why a template or a request type can't have this name, in the words of any account; "" when it can.

    `LOG CALL Close call 12` would be read, and answered, as if its sender had meant to close call 12.
    """
    accounts = IncomingAccount.objects.exclude(words={}, word_languages="")
    for words in (DEFAULT, *(account.command_words() for account in accounts)):
        if parse(name, words).is_command:
            return f"“{name}” is a command to whoever reads subjects of mail: take another name."
    return ""
