"""Loads a desk file into the desk: all of it in one transaction, or nothing."""

import os
from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from mailcall.desk.agreeing import Author, ask_to_recompute, note_change
from mailcall.desk.models import Agreement, BusinessCalendar
from mailcall.desk_file import passwords
from mailcall.desk_file.checking import check
from mailcall.desk_file.problems import DeskFileError
from mailcall.desk_file.report import Report
from mailcall.desk_file.saving import Saving, SetPassword
from mailcall.desk_file.tree import read_tree

_AGREED: Mapping[str, type[Agreement | BusinessCalendar]] = {
    "agreement": Agreement,
    "business calendar": BusinessCalendar,
}


def load(
    data: bytes,
    *,
    source: str,
    set_password: SetPassword,
    folder: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    check_only: bool = False,
) -> Report:
    """Make the desk as this YAML text says, and say what that changed. Raises DeskFileError with all errors.

    Things are known by their name, persons by their address (and name, where several share one). A field
    that the file leaves out stays as it is. Nothing is ever deleted; a group's `members` are all its
    members. `source` names the text in errors; secrets in files are sought from `folder`; `set_password`
    gives a person the password to sign in with, and raises Refused when it can't.
    """
    document = check(read_tree(data, source))
    secrets = passwords.Secrets(environ, folder or Path.cwd())
    known = passwords.unchanged(document, secrets)  # hashing is slow: before the transaction
    with transaction.atomic():
        saving = Saving(document, secrets, known, set_password, Report(source, check_only))
        report = saving.save_all()
        if saving.problems:
            raise DeskFileError(source, saving.problems)
        _recompute(report)
        if check_only:
            transaction.set_rollback(True)
    return report


def _recompute(report: Report) -> None:
    """Have open work follow what agreements and calendars say now, and keep who changed them."""
    for change in report.changes:
        if change.what != "unchanged" and (model := _AGREED.get(change.kind)):
            thing = model._default_manager.get(name=change.name)
            fields = f": {', '.join(change.fields)}" if change.what == "changed" else ""
            said = f"{change.what.capitalize()} by mailcall load{fields}."
            note_change(thing, Author(None, "The desk file"), said)
            ask_to_recompute()
