"""Every command of the table, in every form that the grammar allows, and whatever is none."""

# ruff: noqa: RUF001 - signs of many scripts

import pytest

from mailcall.grammar import COMMANDS, Command, Parsed, Words, parse, syntax, write_subject
from mailcall.grammar.commands import KEYWORDS, OBJECT_NAMES, PROOFS, places

P = Parsed
COMMAND_SUBJECTS = [
    ("LOG CALL", P("log", "call")),
    ("LOG CALL: Printer", P("log", "call", text="Printer")),
    ("log call Printer", P("log", "call", text="Printer", name="Printer")),
    (
        "Log Call New starter: Ann: Monday",
        P("log", "call", text="New starter: Ann: Monday", name="New starter", named_text="Ann: Monday"),
    ),
    ("LOG CALL Down since 10:30", P("log", "call", text="Down since 10:30", name="Down since 10:30")),
    ("LOG REQUEST New laptop", P("log", "request", name="New laptop")),
    ("LOG REQUEST New laptop: for Ann", P("log", "request", text="for Ann", name="New laptop")),
    ("LOG TASK ON REQUEST 77", P("log", "task", (77,), on="request")),
    ("LOG TASK ON CALL #12: order it", P("log", "task", (12,), "order it", on="call")),
    ("UPDATE CALL 12", P("update", "call", (12,))),
    ("update request #12: it is worse", P("update", "request", (12,), "it is worse")),
    ("Update Task 12", P("update", "task", (12,))),
    ("UPDATE APPROVAL 12", P("update", "approval", (12,))),
    ("CLOSE CALL 1, 2,3 , # 4: done", P("close", "call", (1, 2, 3, 4), "done")),
    ("CLOSE TASK 12", P("close", "task", (12,))),
    ("CLOSE REQUEST 12", P("close", "request", (12,))),
    ("REOPEN CALL 12: again", P("reopen", "call", (12,), "again")),
    ("APPROVE TASK 9", P("approve", "task", (9,))),
    ("APPROVE APPROVAL 9 [ab2c.d3-f_g]: fine", P("approve", "approval", (9,), "fine", token="ab2c.d3-f_g")),
    ("REJECT TASK 9[abc]: too dear", P("reject", "task", (9,), "too dear", token="abc")),
    ("REJECT APPROVAL 9, 10", P("reject", "approval", (9, 10))),
    ("CALL SUMMARY", P("summary", "call", scope="open")),
    ("REQUEST SUMMARY CLOSED", P("summary", "request", scope="closed")),
    ("TASK SUMMARY ALL", P("summary", "task", scope="all")),
    ("APPROVAL SUMMARY GROUP", P("summary", "approval", scope="group")),
    ("SUMMARY CALLS", P("summary", "call", scope="open")),
    ("SUMMARY REQUESTS OPEN", P("summary", "request", scope="open")),
    ("SUMMARY TASKS closed", P("summary", "task", scope="closed")),
    ("summary approvals group", P("summary", "approval", scope="group")),
    ("FORWARD CALL 12 TO Network", P("forward", "call", (12,), target="Network")),
    (
        "FORWARD TASK 12, 13 to Bob Baker: please",
        P("forward", "task", (12, 13), "please", target="Bob Baker"),
    ),
    ("FORWARD REQUEST 1 TO a@b.example", P("forward", "request", (1,), target="a@b.example")),
    ("TAKE CALL 12, 13", P("take", "call", (12, 13))),
    ("TAKE APPROVAL 12", P("take", "approval", (12,))),
    ("STATUS CALL 12", P("status", "call", (12,))),
    ("STATUS REQUEST 12", P("status", "request", (12,))),
    ("HELP", P("help")),
    ("help", P("help")),
]


@pytest.mark.parametrize(("subject", "parsed"), COMMAND_SUBJECTS)
def test_a_command_is_read_and_what_is_written_of_it_reads_the_same(subject: str, parsed: Parsed) -> None:
    assert parse(subject) == parsed
    assert parse(write_subject(parsed)) == parsed


@pytest.mark.parametrize("command", COMMANDS, ids=syntax)
def test_the_example_of_each_row_is_that_command(command: Command) -> None:
    parsed = parse(command.example)
    assert parsed.is_command
    assert parsed.action == command.action
    assert parsed.object in {OBJECT_NAMES[keyword] for keyword in command.objects} or not command.objects


def test_every_row_has_its_test() -> None:
    tried = {(parsed.action, parsed.object) for _, parsed in COMMAND_SUBJECTS}
    for command in COMMANDS:
        assert command.proof in PROOFS
        assert {(command.action, OBJECT_NAMES[keyword]) for keyword in command.objects} - tried <= {
            ("take", "request"), ("take", "task"), ("status", "task"), ("status", "approval"),
            ("forward", "approval"),
        }  # fmt: skip
    assert {keyword for _, keywords in places() for keyword in keywords} <= set(KEYWORDS)


@pytest.mark.parametrize(
    "subject",
    [
        "Update Adobe", "Help, laptop dead", "Help!", "Help me", "HELP: laptop", "", "LOG",
        "LOG THE CALL", "CALL",
        "CALL 12", "LOG REQUEST", "LOG REQUEST: laptop", "LOG TASK", "SUMMARY", "SUMMARY CALL",
        "CALLS SUMMARY",
        "CALL SUMMARY OPEN please", "CALL SUMMARY: all", "SUMMARY CALLS YESTERDAY", "Please close call 12",
        "Call 12 is closed", "CLOSE CALL", "Close call at the crossing", "APPROVE", "CLOSECALL 12",
        "Request summary of costs", "TAKE CALL 12: mine", "STATUS CALL 5: agenda", "[Call 12] CLOSE",
    ],
)  # fmt: skip
def test_what_does_not_parse_whole_is_free_text_with_all_its_words(subject: str) -> None:
    assert parse(subject) == Parsed("log", text=subject)


@pytest.mark.parametrize("subject", ["Update call 14:00", "Update call 9:30 in room 3", "CLOSE CALL 1, 2:15"])
def test_a_time_of_day_is_no_number_with_a_text(subject: str) -> None:
    assert parse(subject).is_free_text
    assert parse("UPDATE CALL 14: 00") == Parsed("update", "call", (14,), "00")
    assert parse("UPDATE CALL 114:00") == Parsed("update", "call", (114,), "00")


@pytest.mark.parametrize("prefix", ["Re: ", "RE[2]: AW: ", "[EXTERNAL] Re: ", "回复：", "SV: Antw: "])
def test_an_answer_is_flagged_and_reads_the_same(prefix: str) -> None:
    parsed = parse(f"{prefix}APPROVE TASK 9 [abc]: fine", gateway_tags=["[external]"])
    assert parsed == Parsed("approve", "task", (9,), "fine", reply=True, token="abc")


@pytest.mark.parametrize("subject", ["CLOSE CALL 12", "CLOSE COL 12", "HELP"])
@pytest.mark.parametrize("prefix", ["Fwd: ", "Re: WG: ", "TR : ", "转发: "])
def test_a_forward_is_never_a_command_nor_a_near_miss(prefix: str, subject: str) -> None:
    parsed = parse(prefix + subject)
    assert (parsed.is_free_text, parsed.forward, parsed.text) == (True, True, subject)


@pytest.mark.parametrize(
    "subject",
    [
        "close\u00a0call\u300012", "CLOSE\r\n CALL\t12", "\u200fCLOSE\u200e CALL \u202e12\u202c",
        "\ufeffCLOSE CALL 12",
        "CL\u00adOSE CALL 12\x00", "ＣＬＯＳＥ ＣＡＬＬ １２", "CLOSE CALL ＃12", "CLÖSE CÂLL 12",
        "CLÖSE CALL 12",
        "𝐂𝐋𝐎𝐒𝐄 CALL 12", " \u2028CLOSE CALL 12 ", "clo\u017fe call 12",
    ],
)  # fmt: skip
def test_white_space_marks_and_forms_of_letters_do_not_matter(subject: str) -> None:
    assert parse(subject) == Parsed("close", "call", (12,))


@pytest.mark.parametrize("subject", ["CHİUDİ CHİAMATA 12", "chıudı chıamata 12", "Chiudi chiamata 12"])
def test_the_dots_of_a_turkish_keyboard_do_not_matter(subject: str) -> None:
    assert parse(subject, Words.of(languages=["it"])) == Parsed("close", "call", (12,))


@pytest.mark.parametrize("subject", ["schließe Meldung 12", "SCHLIESSE MELDUNG 12", "SCHLIEẞE MELDUNG 12"])
def test_a_sharp_s_is_two(subject: str) -> None:
    assert parse(subject, Words.of(languages=["de"])) == Parsed("close", "call", (12,))


@pytest.mark.parametrize("colon", [": ", ":", " : ", "：", "﹕"])
def test_the_colon_may_be_wide_and_have_blanks_around_it(colon: str) -> None:
    assert parse(f"CLOSE CALL 12{colon}works") == Parsed("close", "call", (12,), "works")


@pytest.mark.parametrize(
    "subject", ["=?utf-8?q?CLOSE_CALL_12?=", "CLOSE CALL 12 =?utf-8?q??=", "=?us-ascii?q?CLOSE?= CALL 12"]
)
def test_an_encoded_word_that_survived_decoding_is_text_and_runs_nothing(subject: str) -> None:
    assert not parse(subject).is_command


def test_letters_of_another_script_that_look_alike_make_no_command() -> None:
    assert parse("\u0421L\u041eSE CALL 12").is_free_text


def test_only_commands_can_be_written() -> None:
    for parsed in (parse("Printer"), parse("CLOSE COL 12"), Parsed("close", "approval", (1,))):
        with pytest.raises(ValueError, match="Only a command"):
            write_subject(parsed)
