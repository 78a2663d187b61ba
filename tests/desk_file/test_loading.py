"""What loading a desk file does."""

from pathlib import Path
from unittest.mock import patch

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password

from desk_file.conftest import ENVIRON, GOOD, Loader
from mailcall.desk.models import CallTemplate, Group, Partition, Person
from mailcall.desk_file.dumping import dump
from mailcall.desk_file.problems import DeskFileError
from mailcall.inbound.models import IncomingAccount
from mailcall.outbound.models import OutgoingServer


def test_a_file_makes_a_whole_desk(load_text: Loader) -> None:
    report = load_text(GOOD)
    assert report.totals() == "7 created, 0 changed, 0 unchanged."
    account = IncomingAccount.objects.get(name="Support")
    assert account.partition.name == "IT"
    assert account.password.reveal() == "imap secret"
    assert account.default_logging_analyst.email == "ann@desk.example"
    assert Group.objects.get().addresses == "team@desk.example; night@desk.example"
    assert [str(person) for person in Group.objects.get().members.all()] == ["Ann Lee"]
    assert check_password("correct horse 9", get_user_model().objects.get().password)


def test_loading_again_changes_nothing_and_says_so(load_text: Loader) -> None:
    load_text(GOOD)
    login = get_user_model().objects.get().password
    report = load_text(GOOD)
    assert report.is_unchanged
    assert report.totals() == "unchanged: the desk is already as desk.yaml says (7 things)."
    assert get_user_model().objects.get().password == login, "an unchanged password was hashed anew"


def test_a_change_names_its_fields_and_never_its_values(load_text: Loader) -> None:
    load_text(GOOD)
    report = load_text(
        GOOD.replace("login: support", "login: helpdesk"), environ=ENVIRON | {"IMAP_PASSWORD": "new one"}
    )
    assert "changed    incoming account Support: login, password" in list(report.lines())
    assert "new one" not in "\n".join(report.lines())
    assert IncomingAccount.objects.get().password.reveal() == "new one"


def test_a_new_password_for_signing_in_replaces_the_old(load_text: Loader) -> None:
    load_text(GOOD)
    report = load_text(GOOD, environ=ENVIRON | {"ANN_PASSWORD": "another horse 10"})
    assert "changed    person Ann Lee <ann@desk.example>: password" in list(report.lines())
    assert check_password("another horse 10", get_user_model().objects.get().password)


def test_a_field_left_out_keeps_its_value_and_an_empty_one_clears_it(load_text: Loader) -> None:
    load_text(GOOD)
    load_text("call_templates: [{name: Mail, priority: 1}]")
    template = CallTemplate.objects.get()
    assert (template.priority, template.group.name) == (1, "Service Desk")
    load_text("call_templates: [{name: Mail, group: null}]")
    template.refresh_from_db()
    assert template.group is None


def test_a_group_names_those_whose_default_it_is(load_text: Loader) -> None:
    load_text(GOOD)
    group = "groups: [{name: Service Desk, default_of: [ann@desk.example]}]"
    load_text(group)
    assert str(Person.objects.get(default_group__name="Service Desk")) == "Ann Lee"
    assert load_text(group).is_unchanged
    assert "default_of" in dump()
    load_text("groups: [{name: Service Desk, default_of: []}]")
    assert not Person.objects.exclude(default_group=None).exists()


def test_nothing_is_deleted_but_members_are_what_the_file_says(load_text: Loader) -> None:
    load_text(GOOD)
    load_text("people: [{name: Cy, email: cy@desk.example, analyst: true}]")
    load_text("groups: [{name: Service Desk, members: [cy@desk.example]}]")
    assert [str(person) for person in Group.objects.get().members.all()] == ["Cy"]
    assert Person.objects.count() == 3


def test_checking_reports_the_same_and_changes_nothing(load_text: Loader) -> None:
    report = load_text(GOOD, check_only=True)
    assert "created    partition IT" in list(report.lines())
    assert report.totals().endswith("Only checked: nothing was saved.")
    assert not Partition.objects.exists()
    assert not get_user_model().objects.exists()


def test_an_error_in_the_last_thing_changes_nothing_of_the_first(load_text: Loader) -> None:
    with pytest.raises(DeskFileError):
        load_text(GOOD.replace("    partition: IT\n", "    partition: TI\n"))
    assert not Person.objects.exists()
    assert not Partition.objects.exists()


def test_persons_are_known_by_address_in_any_case(load_text: Loader) -> None:
    load_text("people: [{name: Ann, email: ANN@Desk.Example}]")
    report = load_text("people: [{name: Ann Lee, email: ann@desk.example}]")
    assert "changed    person Ann Lee <ann@desk.example>: name" in list(report.lines())
    assert Person.objects.count() == 1


def test_persons_who_share_an_address_are_told_apart_by_name(load_text: Loader) -> None:
    both = """
        people:
          - {name: Day shift, email: shift@desk.example, analyst: true}
          - {name: Night shift, email: shift@desk.example, analyst: true}
        groups:
          - {name: Nights, members: [Night shift <shift@desk.example>]}
        """
    load_text(both)
    assert load_text(both).is_unchanged
    assert [str(person) for person in Group.objects.get().members.all()] == ["Night shift"]
    with pytest.raises(DeskFileError, match="The desk has Day shift, Night shift with the address"):
        load_text("people: [{name: Late shift, email: shift@desk.example}]")
    load_text("people: [{name: Night shift, email: shift@desk.example, user: false}]")
    assert not Person.objects.get(name="Night shift").is_user


@pytest.mark.parametrize(
    ("section", "settings", "port"),
    [
        ("incoming_accounts", "security: starttls", 143),
        ("outgoing_servers", "security: tls", 465),
        ("outgoing_servers", "security: plain, port: 2525", 2525),
    ],
)
def test_a_new_server_gets_the_usual_port(load_text: Loader, section: str, settings: str, port: int) -> None:
    load_text(GOOD)
    needed = "login: x, address: new@desk.example, template: Mail, " if section == "incoming_accounts" else ""
    load_text(f"{section}: [{{name: New, server: mail.desk.example, {needed}{settings}}}]")
    model = IncomingAccount if section == "incoming_accounts" else OutgoingServer
    assert model.objects.get(name="New").port == port


def test_a_secret_comes_from_a_file_beside_the_desk_file(load_text: Loader, tmp_path: Path) -> None:
    (tmp_path / "imap.txt").write_text("from a file\n")
    load_text(GOOD.replace("{env: IMAP_PASSWORD}", "{file: imap.txt}"))
    assert IncomingAccount.objects.get().password.reveal() == "from a file"


def test_a_secret_that_can_no_longer_be_read_is_written_anew(load_text: Loader) -> None:
    load_text(GOOD)
    IncomingAccount.objects.update(password="x")
    with patch("mailcall.database.fields.Secret.reveal", side_effect=_unreadable):
        report = load_text(GOOD)
    assert "changed    incoming account Support: password" in list(report.lines())
    assert IncomingAccount.objects.get().password.reveal() == "imap secret"


def _unreadable() -> str:
    from mailcall.keyring import KeyringError

    raise KeyringError("replaced")


def test_an_international_address_is_one_person_in_either_form(load_text: Loader) -> None:
    text = """
        partitions:
          - {name: IT, address: hilfe@bücher.example}
        people:
          - {name: Ann, email: Ann@bücher.example, analyst: true}
        groups:
          - name: Desk
            addresses: [team@bücher.example]
            members: [ann@BÜCHER.example]
    """
    load_text(text)
    assert Partition.objects.get().address == "hilfe@xn--bcher-kva.example"
    assert Group.objects.get().addresses == "team@xn--bcher-kva.example"
    assert [each.email for each in Group.objects.get().members.all()] == ["ann@xn--bcher-kva.example"]
    assert load_text(text).is_unchanged
    assert load_text(text.replace("Ann@bücher", "ann@xn--bcher-kva")).is_unchanged


def test_blocked_senders_are_kept_in_a_labels(load_text: Loader) -> None:
    load_text(
        GOOD.replace(
            "trusted_hosts:", 'blocked_senders: ["@bücher.example", eve@x.example]\n    trusted_hosts:'
        )
    )
    assert IncomingAccount.objects.get().blocked_senders.split() == [
        "@xn--bcher-kva.example",
        "eve@x.example",
    ]
