"""How mails are to be shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A JSON line for each mail, or a page of so many columns; `full` unfolds what is quoted."""

    as_json: bool
    full: bool = False
    columns: int = 80
    colours: bool = False
