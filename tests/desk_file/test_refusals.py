"""What a desk file is refused for: each time with the line and a sentence that says what to do."""

from pathlib import Path

import pytest

from desk_file.conftest import ENVIRON, GOOD, Complaints, Loader
from mailcall.desk_file import tree
from mailcall.desk_file.problems import DeskFileError


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("address: support", "adress: support", "A partition has no field `adress`. Did you mean `address`?"),
        ("people:\n", "peeple:\n", "There is no section `peeple`. Did you mean `people`?"),
        ("analyst: true", "analyst: perhaps", "`analyst` must be true or false."),
        ("name: IT", "name: 42", "`name` must be text; put it into quotes."),
        ("name: IT", "name: NO", "`name` must be text; put it into quotes."),
        (
            "email: bob@desk.example",
            "email: bob",
            "`email` must be an email address such as ann@example.com.",
        ),
        ("partition: IT\n    group", "partition: ITT\n    group", "no partition `ITT`. Did you mean `IT`?"),
        ("template: Mail", "template: Mial", "There is no call template `Mial`. Did you mean `Mail`?"),
        ("group: Service", "group: Servce", "There is no group `Servce Desk`. Did you mean `Service Desk`?"),
        (
            "members: [ann@",
            "members: [anne@",
            "no person `anne@desk.example`. Did you mean `ann@desk.example`?",
        ),
        ("members: [ann@", "members: [bob@", "Bob Baker is not an Analyst."),
        ("members: [ann@desk.example]", "members: ann@desk.example", "`members` must be a list."),
        ("    login: support", "    protocol: gopher", "`protocol` must be imap or"),
        (
            "    login: support",
            "    security: ssl",
            "`security` must be 'tls', 'starttls' or 'plain', not 'ssl'.",
        ),
        ("    login: support", "    port: 99999", "`port` must be less than or equal to 65535."),
        ("analyst: ann", "analyst: bob", "Bob Baker is not an Analyst."),
        ("email: bob@desk.example", "email: ann@desk.example\n    name: Bob", "`name` is here twice"),
        (
            "- name: Out",
            "- name: Out\n  - name: Out",
            "This outgoing server is here twice; the first is on line",
        ),
        ("- name: Out", "- just words\n  - name: Out", "An outgoing server must be a set of fields"),
        ("{env: IMAP_PASSWORD}", "{env: NOWHERE}", "The variable NOWHERE of the environment is not set"),
        ("{env: IMAP_PASSWORD}", "{file: none.txt}", "none.txt can't be read: No such file or directory."),
        ("{env: ANN_PASSWORD}", "{env: SHORT}", "This password is too short."),
        ("name: IT", "name: !!python/object/apply:os.system [id]", "`name` must be text"),
        ("name: IT", 'name: "I\\0T"', "Text can't hold a NUL character."),
        ("name: IT", "name: !secret x", "put text that begins with an exclamation mark into quotes"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    complaints: Complaints, right: str, wrong: str, sentence: str
) -> None:
    text = GOOD.replace(right, wrong, 1)
    assert text != GOOD
    found = complaints(text, environ=ENVIRON | {"SHORT": "a1"})
    changed = line_of(text, wrong)
    nearest = {changed + extra: found.get(changed + extra, "") for extra in range(wrong.count("\n") + 1)}
    assert sentence in " ".join(nearest.values()), found


def test_a_field_that_is_missing_is_told_with_the_line_of_its_thing(complaints: Complaints) -> None:
    text = GOOD.replace("    login: support", "    login: support\n    disposal: move")
    line = line_of(text, "- name: Support")
    assert complaints(text) == {line: "`move_to`: Moving needs the name of a folder."}
    text = GOOD.replace("    server: imap.desk.example\n", "")
    assert complaints(text) == {line: "Support: IMAP needs the name of a `server`."}
    text = GOOD.replace("    template: Mail\n", "")
    assert complaints(text) == {line: "A new incoming account needs `template`."}


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        ("[]", "`folder` must be the name of a folder, or a list of names."),
        ('""', "`folder` must be the name of a folder, or a list of names."),
        ("7", "`folder` must be the name of a folder, or a list of names."),
        ("[INBOX, [Desk]]", "`folder` must be the name of a folder, or a list of names."),
        ("{name: INBOX}", "`folder` must be the name of a folder, or a list of names."),
        ('"INBOX\\nDesk"', "`folder` must be one line of text for each folder."),
        ('[INBOX, " "]', "`folder` must be one line of text for each folder."),
        ("[INBOX, Desk, inbox]", "`folder`: It must name a folder, and each one once."),
        ("[Desk, Desk]", "`folder`: It must name a folder, and each one once."),
    ],
)
def test_folders_that_can_not_be_are_refused(complaints: Complaints, folder: str, sentence: str) -> None:
    text = GOOD.replace("    login: support", f"    login: support\n    folder: {folder}")
    assert list(complaints(text).values()) == [sentence]


def test_a_sign_in_that_the_protocol_has_not_is_refused(complaints: Complaints) -> None:
    text = GOOD.replace("    login: support", "    login: support\n    auth_method: apop")
    assert list(complaints(text).values()) == ["`auth_method`: APOP is a sign-in of POP3 alone."]


def test_mail_is_not_moved_to_where_it_is_collected(complaints: Complaints) -> None:
    more = "    disposal: move\n    folder: [Desk, INBOX]\n    move_to: inbox"
    text = GOOD.replace("    login: support", f"    login: support\n{more}")
    assert list(complaints(text).values()) == [
        "`move_to`: Mail can't be moved to a folder that is collected."
    ]


def test_all_mistakes_are_told_at_once(complaints: Complaints) -> None:
    text = (
        GOOD.replace("address: support@", "address: ", 1)
        .replace("analyst: true", "analyst: perhaps", 1)
        .replace("{env: IMAP_PASSWORD}", "{env: NOWHERE}")
        .replace("server: smtp.desk.example", "port: 0")
    )
    found = complaints(text)
    assert [
        line_of(text, part) for part in ("address: desk.example", "perhaps", "NOWHERE", "port: 0")
    ] == sorted(found)


def test_what_refers_to_a_mistaken_thing_is_not_blamed_for_it(complaints: Complaints) -> None:
    found = complaints(GOOD.replace("address: support@desk.example", "address: nowhere", 1))
    assert list(found) == [3]


def test_a_template_person_cant_be_the_default_logging_analyst(complaints: Complaints) -> None:
    text = GOOD.replace("members: [ann@desk.example]", "members: []").replace(
        "    analyst: ann@desk.example\n", ""
    )
    text = text.replace("analyst: true", "analyst: true\n    template: true")
    found = complaints(text)
    line = line_of(text, "default_logging_analyst")
    assert found == {line: "`default_logging_analyst`: Ann Lee is a template person and can't log calls."}


def test_making_an_analyst_a_template_person_is_refused_where_an_account_relies_on_it(
    load_text: Loader, complaints: Complaints
) -> None:
    load_text(GOOD)
    text = GOOD.replace("analyst: true", "analyst: true\n    template: true")
    assert line_of(text, "default_logging_analyst") in complaints(text)


@pytest.mark.parametrize(
    "secret", ["hunter2", "[hunter2]", "{hunter2}", "{env: [hunter2]}", "{env: A, file: b}"]
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(complaints: Complaints, secret: str) -> None:
    text = GOOD.replace("{env: IMAP_PASSWORD}", secret)
    found = complaints(text)
    assert list(found) == [line_of(text, f"password: {secret}")]
    assert "hunter2" not in str(found)


def test_a_literal_secret_says_how_it_is_done(complaints: Complaints) -> None:
    sentence = " ".join(complaints(GOOD.replace("{env: IMAP_PASSWORD}", "hunter2")).values())
    assert "{env: NAME} or {file: PATH}" in sentence
    assert "{stored: true}" in sentence


def test_a_stored_password_that_isnt_there_is_an_error_for_an_active_account(
    load_text: Loader, complaints: Complaints
) -> None:
    text = GOOD.replace("{env: IMAP_PASSWORD}", "{stored: true}")
    line = line_of(text, "{stored: true}")
    assert "This desk has no password stored for Support" in complaints(text)[line]
    resting = text.replace("  - name: Support", "  - name: Support\n    active: false")
    assert [warning.line for warning in load_text(resting).warnings] == [line + 1]


def test_a_stored_password_that_isnt_there_is_a_warning_for_a_person(load_text: Loader) -> None:
    text = GOOD.replace("{env: ANN_PASSWORD}", "{stored: true}")
    report = load_text(text)
    assert any("Ann Lee, who can't sign in" in line and ":8:" in line for line in report.lines())


def test_two_persons_cant_sign_in_by_one_address(complaints: Complaints) -> None:
    text = """
        people:
          - {name: Day, email: shift@desk.example, analyst: true, password: {env: ANN_PASSWORD}}
          - {name: Night, email: shift@desk.example, analyst: true, password: {env: IMAP_PASSWORD}}
        """
    assert complaints(text) == {4: "Somebody else signs in as shift@desk.example already."}


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ('people:\n  - name: "Ann\n', 3, "This is not valid YAML"),
        ("people:\n\t- name: Ann\n", 2, "This is not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("people:\n  - &a [*a]\n", 2, "aliases"),
        ("people:\n  - *a\n", 2, "undefined alias"),
        ("- people\n", 1, "sections such as `people:`"),
        ("people: Ann\n", 1, "`people` must be a list: begin each person with a dash."),
        ("people: " + "[" * 50_000, 1, "nested deeper"),
        ("people: [{? [a] : b}]\n", 1, "A field's name must be a word."),
        (
            "partitions: [{name: x, address: a@b.example, reopen_days: " + "9" * 5_000 + "}]",
            1,
            "can't be read",
        ),
        (b"people: \xff\n", 1, "not UTF-8"),
        (b"people:\n\x00", 2, "not valid YAML"),
    ],
)
def test_what_is_no_desk_file_at_all_is_told_with_its_line(
    complaints: Complaints, text: str | bytes, line: int, sentence: str
) -> None:
    found = complaints(text)
    assert sentence in found[line], found


@pytest.mark.timeout(30)
def test_a_bomb_of_aliases_is_refused(complaints: Complaints) -> None:
    lines = ["people:", "  - &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"  - &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "unfold to more" in str(complaints("\n".join(lines)))


@pytest.mark.timeout(60)
def test_a_file_of_too_many_values_is_refused(complaints: Complaints) -> None:
    assert "500,000 values" in complaints("people: [" + "a," * 600_000 + "]")[1]
    assert "larger than 10 MB" in complaints(b"#" * (tree.MAX_BYTES + 1))[1]


def test_aliases_within_reason_are_fine(load_text: Loader) -> None:
    load_text(
        """
        people:
          - {name: A, email: a@desk.example, user: &no false}
          - {name: B, email: b@desk.example, user: *no}
        """
    )


def test_errors_read_like_those_of_a_compiler(load_text: Loader) -> None:
    with pytest.raises(DeskFileError) as refused:
        load_text("people: [{name: Ann}]")
    assert str(refused.value) == "desk.yaml:1: This person has no `email`."


def test_a_secret_file_of_no_text_is_refused(complaints: Complaints, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_bytes(b"\n")
    for name, sentence in (("binary", "UTF-8"), ("empty", "empty")):
        text = GOOD.replace("{env: IMAP_PASSWORD}", f"{{file: {name}}}")
        assert sentence in complaints(text)[line_of(text, "{file")]
