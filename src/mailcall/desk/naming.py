"""Names that mail asks for work by: none may be what a subject of mail means already.

The desk reads no mail, so whoever does says which names those are.
"""

from collections.abc import Callable

from django.core.exceptions import ValidationError

Check = Callable[[str], str]  # a name -> why it can't be one, as a sentence, or ""

_checks: list[Check] = []


def refuse_names(check: Check) -> None:
    """Have no template and no request type be saved under a name that this has something against."""
    if check not in _checks:
        _checks.append(check)


def check_name(name: str) -> None:
    """Raise ValidationError, at the field `name`, with the first that any check has against it."""
    for check in _checks:
        if why := check(name):
            raise ValidationError({"name": why})
