"""Saves checked items one by one, collecting every problem on the way; the caller owns the transaction."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from mailcall.desk.errors import Refused
from mailcall.desk.models import Person
from mailcall.desk_file import passwords
from mailcall.desk_file.checking import Document, Entry
from mailcall.desk_file.kinds import KINDS, Kind
from mailcall.desk_file.parts import PARTS
from mailcall.desk_file.people import People
from mailcall.desk_file.problems import Problem
from mailcall.desk_file.references import References
from mailcall.desk_file.report import Change, Report, What
from mailcall.desk_file.schema import NEEDED_WHEN_NEW
from mailcall.desk_file.secrets import SecretError
from mailcall.desk_file.servers import missing_setting, usual_port
from mailcall.inbound.models import IncomingAccount
from mailcall.keyring import KeyringError
from mailcall.message import comparable
from mailcall.outbound.models import OutgoingServer

SetPassword = Callable[[Person, str], object]  # raises Refused


class Saving:
    """One load under way. `problems` is complete once `save_all` has returned."""

    def __init__(
        self,
        document: Document,
        secrets: passwords.Secrets,
        unchanged_hashes: frozenset[tuple[str, str]],
        set_password: SetPassword,
        report: Report,
    ) -> None:
        self.problems = list(document.problems)
        self._set_password = set_password
        self._document = document
        self._secrets = secrets
        self._unchanged_hashes = unchanged_hashes
        self._report = report
        self._people = People.of(Person.objects.order_by("pk"))
        self._references = References(document, self._people, self.problems)

    def save_all(self) -> Report:
        """Save every item, in the order in which things refer to one another."""
        for kind in KINDS:
            for entry in self._document.entries[kind.section]:
                self._save(kind, entry)
        return self._report

    def _save(self, kind: Kind, entry: Entry) -> None:
        before = len(self.problems)
        stored = self._stored(kind, entry)
        is_new = stored is None
        target = stored if stored is not None else kind.model()
        unset = self._ask_for_needed(kind, entry) if is_new else set()
        changed = self._set_plain_fields(kind, entry, target, is_new)
        changed += self._set_references(kind, entry, target, unset)
        if isinstance(target, IncomingAccount | OutgoingServer):
            changed += self._set_secret(entry, target, is_new)
            self._check_server(entry, target)
        self._validate(kind, entry, target, unset)
        if unset or len(self.problems) > before:
            keys = {comparable(entry.item.name), comparable(getattr(entry.item, "email", ""))}
            self._document.broken[kind.section].update(keys)
            return
        if isinstance(target, Person) and target.made_by_mail:
            target.made_by_mail = False
            changed.append("on record by more than mail")
        if is_new or changed:
            if isinstance(target, OutgoingServer):
                target.close_breaker()
            target.save()
        if isinstance(target, Person):
            if is_new:
                self._people.add(target)
            changed += self._sign_in(entry, target)
        changed += self._save_parts(kind, entry, target)
        what: What = "created" if is_new else "changed" if changed else "unchanged"
        self._report.changes.append(Change(what, kind.word, _title(entry.item), tuple(changed)))

    def _stored(self, kind: Kind, entry: Entry) -> Model | None:
        if kind.model is Person:
            return self._references.stored_person(entry)
        found: Model | None = kind.find(entry.item.name)
        return found

    def _ask_for_needed(self, kind: Kind, entry: Entry) -> set[str]:
        unset = {
            name
            for name, field in kind.item.model_fields.items()
            if field.json_schema_extra == NEEDED_WHEN_NEW and not getattr(entry.item, name)
        }
        for name in unset:
            self._problem(entry.line(), f"A new {kind.word} needs `{name}`.")
        return unset

    def _set_plain_fields(self, kind: Kind, entry: Entry, target: Model, is_new: bool) -> list[str]:
        changed = []
        for name in kind.plain_fields:
            value = getattr(entry.item, name)
            if name == "email":
                value = value.casefold()
            if name not in entry.item.model_fields_set:
                port = usual_port(entry.item) if name == "port" and is_new else None
                if port is None:
                    continue
                value = port
            if is_new or kind.read(target, name) != value:
                kind.write(target, name, value)
                changed.append(name)
        return changed

    def _set_references(self, kind: Kind, entry: Entry, target: Model, unset: set[str]) -> list[str]:
        """The fields that changed; those that refer to nothing are added to `unset`."""
        changed = []
        for name, section in kind.references.items():
            if name not in entry.item.model_fields_set or name in unset:
                continue
            found = None
            if getattr(entry.item, name):
                found = self._references.find(entry, section, name)
                if found is None:
                    unset.add(name)
                    continue
            if getattr(target, f"{name}_id") != (found.pk if found else None):
                setattr(target, name, found)
                changed.append(name)
        return changed

    def _set_secret(self, entry: Entry, target: Any, is_new: bool) -> list[str]:
        if "password" not in entry.item.model_fields_set:
            return []
        reference = entry.item.password
        try:
            given = self._secrets.reveal(reference) if reference else ""
        except SecretError as error:
            self._problem(entry.line("password"), str(error))
            return []
        if given is None:
            if is_new or not target.password:
                self._stored_secret_missing(entry, target)
            return []
        try:
            if not is_new and (target.password.reveal() if target.password else "") == given:
                return []
        except KeyringError:
            pass  # it can't be read any more, so it is written anew
        target.password = given
        return ["password"] if given or not is_new else []

    def _stored_secret_missing(self, entry: Entry, target: Any) -> None:
        line, name = entry.line("password"), entry.item.name
        if target.active:
            self._problem(
                line,
                f"This desk has no password stored for {name}: say where it is with {{env: NAME}} or "
                "{file: PATH}, or load it with `active: false` until you have it.",
            )
        else:
            self._warn(line, f"This desk has no password stored for {name}: enter it before switching it on.")

    def _check_server(self, entry: Entry, target: IncomingAccount | OutgoingServer) -> None:
        if missing := missing_setting(target):
            name, sentence = missing
            self._problem(entry.line(name), f"{entry.item.name}: {sentence}")

    def _validate(self, kind: Kind, entry: Entry, target: Model, unset: set[str]) -> None:
        try:
            target.full_clean(exclude={kind.column(name) for name in unset})
        except ValidationError as error:
            for column, sentences in error.message_dict.items():
                name = kind.field_of(column)
                where = entry.line(name) if name in kind.item.model_fields else entry.line()
                for sentence in sentences:
                    self._problem(where, f"`{name}`: {sentence}" if column != "__all__" else sentence)

    def _sign_in(self, entry: Entry, person: Person) -> list[str]:
        if not entry.item.password:
            return []
        line = entry.line("password")
        stored = passwords.stored_hash(person)
        try:
            password = self._secrets.reveal(entry.item.password)
        except SecretError as error:
            self._problem(line, str(error))
            return []
        if password is None:
            if not stored:
                self._warn(line, f"This desk has no password stored for {person}, who can't sign in.")
            return []
        if (person.email, stored) in self._unchanged_hashes:
            return []
        try:
            self._set_password(person, password)
        except Refused as error:
            self._problem(line, str(error))
        return ["password"]

    def _save_parts(self, kind: Kind, entry: Entry, target: Model) -> list[str]:
        """What is kept in rows of other tables, once the thing itself is saved; the fields that changed."""
        changed = []
        for name in kind.parts:
            if name not in entry.item.model_fields_set:
                continue
            try:
                if PARTS[kind.section][name].save(entry, target, self._references):
                    changed.append(name)
            except Refused as refusal:
                self._problem(entry.line(name), str(refusal))
        return changed

    def _problem(self, line: int, sentence: str) -> None:
        self.problems.append(Problem(line, sentence))

    def _warn(self, line: int, sentence: str) -> None:
        self._report.warnings.append(Problem(line, sentence))


def _title(item: Any) -> str:
    return f"{item.name} <{item.email}>" if hasattr(item, "email") else str(item.name)
