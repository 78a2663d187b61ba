"""How mails are to be shown, and what is known of the file of one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A JSON line for each mail, or a page of so many columns; `full` unfolds what is quoted."""

    as_json: bool
    full: bool = False
    columns: int = 80
    colours: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """The file of a mail: its name, how many bytes it has, and what it is if it is no mail, in a sentence."""

    name: str
    size: int
    no_mail: str = ""
    binary: bool = False  # what was read of it is no text
