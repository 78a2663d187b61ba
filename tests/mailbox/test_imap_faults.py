"""What collecting does when a server is away, silent or talks nonsense."""

import base64
import re
import threading
import time
from pathlib import Path

import pytest

from mailcall.mailbox.imap import ImapMailbox
from mailcall.mailbox.interface import Disposal, Fetched, MailboxError, MailboxSettings, Security
from servers.scripted import ScriptedServer, Step, answer_imap, hang_up, hear, raw, say, stall

SELECTED = ["1 EXISTS", "OK [UIDVALIDITY 7] ok", "OK [UIDNEXT 9] ok"]
SIGN_IN = [
    say("* OK hello"),
    answer_imap("CAPABILITY", "CAPABILITY IMAP4rev1"),
    answer_imap("LOGIN"),
    answer_imap("CAPABILITY", "CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS"),
]
OPEN = [*SIGN_IN, answer_imap("SELECT", *SELECTED, end="OK [READ-WRITE] done")]


def mailbox_at(at: ScriptedServer, **changes) -> ImapMailbox:
    given = {
        "server": at.host,
        "login": "a",
        "password": "very secret",
        "timeout": at.patience,
        "security": Security.PLAIN,
    }
    return ImapMailbox(MailboxSettings(port=at.port, **(given | changes)))


def trouble_at(server: ScriptedServer, **changes) -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        mailbox_at(server, **changes).__enter__()
    return caught.value


def test_a_port_where_nothing_listens_may_mend_itself():
    with ScriptedServer([]) as server:
        pass  # and is gone
    trouble = trouble_at(server)
    assert trouble.temporary
    assert "Nothing accepts connections" in str(trouble)


def test_a_name_that_is_none_says_so():
    with pytest.raises(MailboxError, match=r"no server named mail\.invalid"):
        ImapMailbox(MailboxSettings(server="mail.invalid", port=1)).__enter__()


@pytest.mark.parametrize("security", Security)
def test_a_silent_server_is_given_up_in_time(security):
    with ScriptedServer([stall(3)]) as server:
        start = time.monotonic()
        trouble = trouble_at(server, security=security)
    assert time.monotonic() - start < 2
    assert trouble.temporary
    assert "did not answer within 0.5 seconds" in str(trouble)


@pytest.mark.parametrize(
    "part",
    [
        [say("HTTP/1.1 400 Bad Request")],
        [say("* OK hello"), hear(), say("220 what?")],
        [say("* OK hello"), hear(), raw(b"* LIST {99999999999999}\r\n")],
        [say("* OK hello"), hear(), raw(b"\x00\xff\xfe\r\n")],
        [say("* BYE too many of you")],
        [hang_up()],
        [],
    ],
)
def test_nonsense_is_one_sentence_and_may_mend_itself(part):
    with ScriptedServer(part) as server:
        trouble = trouble_at(server)
    assert trouble.temporary
    assert str(trouble).endswith(".")


@pytest.mark.parametrize(
    ("end", "temporary"),
    [
        ("NO [AUTHENTICATIONFAILED] wrong", False),
        ("NO [UNAVAILABLE] later", True),
        ("NO [LIMIT] too often", True),
        ("NO Too many simultaneous connections", True),
        ("NO [PRIVACYREQUIRED] no", False),
        ("NO the password 'very secret' is wrong", False),
        ("BAD what is LOGIN", False),
    ],
)
def test_a_refused_sign_in_tells_waiting_from_acting(end, temporary):
    with ScriptedServer([*SIGN_IN[:2], answer_imap("LOGIN", end=end)]) as server:
        trouble = trouble_at(server)
    assert trouble.temporary is temporary
    assert "very secret" not in str(trouble)


LOGIN, PASSWORD = "login", 'pa"ss\\word 7'
CRAM_REPLY = re.compile("[0-9a-f]{16}")
ECHOES = {
    "the line": "NO Invalid command: {line}",
    "the line, cut": "NO " + "x" * 165 + " {line}",
    "the line in small letters": "BAD {lower}",
    "no answer of ours": "XX unknown {line}",
    "a farewell": "BYE {line}",
}


def secrets_in(text: str) -> list[str]:
    """What of the password the text shows, plainly or to anyone who decodes its words."""
    shown = [text.replace("\\", "")]
    for run in re.findall(r"[A-Za-z0-9+/]{4,}", text):
        for start in range(4):
            part = run[start:] if len(run[start:]) % 4 != 1 else run[start:-1]
            shown.append(base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1"))
    return [part for part in shown if 'pa"s' in part or "word 7" in part or CRAM_REPLY.search(part)]


def echo(words: str, number: int) -> Step:
    """Answer with the line that was heard last."""

    def step(connection) -> None:
        line = connection.heard[-1].removeprefix(f"m{number} ")
        end = words.format(line=line, lower=line.lower())
        tag = "* " if end.startswith("BYE") else "" if end.startswith("XX") else f"m{number} "
        say(tag + end)(connection)

    return step


@pytest.mark.parametrize("words", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("capability", ["IMAP4rev1", "AUTH=PLAIN SASL-IR", "AUTH=PLAIN", "AUTH=CRAM-MD5"])
def test_a_server_that_repeats_our_sign_in_gives_no_secret_away(words, capability):
    part = [say("* OK hello"), answer_imap("CAPABILITY", f"CAPABILITY {capability}"), hear()]
    if capability == "AUTH=PLAIN":
        part += [say("+ "), hear()]
    elif capability == "AUTH=CRAM-MD5":
        part += [say(f"+ {base64.b64encode(b'<1@mail.example>').decode()}"), hear()]
    with ScriptedServer([*part, echo(words, 2)]) as server:
        trouble = trouble_at(server, login=LOGIN, password=PASSWORD)
    assert secrets_in(server.heard[-1])
    assert secrets_in(str(trouble)) == []
    assert trouble.__cause__ is None


def test_the_words_of_a_refused_sign_in_stay_where_they_tell_nothing():
    with ScriptedServer(
        [*SIGN_IN[:2], answer_imap("LOGIN", end="NO Account is locked, see RFC5530")]
    ) as server:
        assert "(Account is locked, see RFC5530)" in str(trouble_at(server))


KEPT = [*SIGN_IN, answer_imap("EXAMINE", *SELECTED)]


def listing(first: int, *uids: int, owed: str = "") -> list[Step]:
    """What the server says to `list`, which also looks for what is owed from before (`2,`)."""
    sizes = [f"{uid} FETCH (UID {uid} RFC822.SIZE 3)" for uid in uids]
    return [
        answer_imap("NOOP"),
        answer_imap(f"UID SEARCH UID {owed}{first}:*", " ".join(["SEARCH", *map(str, uids)])),
        *([answer_imap("UID FETCH", *sizes)] if uids else []),
    ]


def body(uid: int) -> str:
    return f'{uid} FETCH (UID {uid} BODY[] "x")'


def test_a_kept_mail_that_was_refused_once_is_asked_for_again(tmp_path):
    parts = [
        [
            *KEPT,
            *listing(1, 1, 2, 3),
            answer_imap("UID FETCH 1:3", body(1), body(3), end="NO [SERVERBUG] try later"),
            answer_imap("UID FETCH 2", end="NO [SERVERBUG] try later"),
            *listing(4, 2, 3, owed="2,"),
            hear(),
        ],
        [*KEPT, *listing(4, 2, 3, owed="2,"), answer_imap("UID FETCH 2", body(2)), hear()],
        [*KEPT, *listing(4), hear()],
    ]
    with ScriptedServer(*parts) as server:
        with mailbox_at(server, disposal=Disposal.KEEP) as mailbox:
            mailbox.dispose([mail.key for mail in mailbox.fetch(mailbox.list(), tmp_path)])
            mark = mailbox.high_water
            assert mark.endswith(":7:3:2")  # all up to 3 but 2
            assert [mail.key for mail in mailbox.list()] == ["2"]
        with mailbox_at(server, disposal=Disposal.KEEP, high_water=mark) as mailbox:
            listed = mailbox.list()
            assert [mail.key for mail in listed] == ["2"]
            assert mailbox.high_water == mark
            mailbox.dispose([mail.key for mail in mailbox.fetch(listed, tmp_path)])
            mark = mailbox.high_water
            assert mark.endswith(":7:3")
        with mailbox_at(server, disposal=Disposal.KEEP, high_water=mark) as mailbox:
            assert mailbox.list() == []
        assert server.trouble == []


def test_the_mark_stays_below_a_batch_that_is_still_to_come():
    with ScriptedServer([*KEPT, *listing(1, 2, 5, 6, 9), hear()]) as server:
        with mailbox_at(server, disposal=Disposal.KEEP) as mailbox:
            mailbox.list()
            marks = []
            for keys in (["6"], ["2"], ["9"], ["5"]):
                mailbox.dispose(keys)
                marks.append(mailbox.high_water.rpartition(":")[2])
        assert marks == ["0", "2", "2", "9"]


@pytest.mark.parametrize("change", [{"login": "b"}, {"server": "localhost"}, {"folder": "Other"}])
def test_a_mark_of_another_mailbox_means_nothing_although_the_numbers_fit(change):
    with ScriptedServer([*KEPT, *listing(1, 1), hear()]) as server:
        with mailbox_at(server, disposal=Disposal.KEEP) as mailbox:
            mailbox.dispose([mail.key for mail in mailbox.list()])
            mark = mailbox.high_water
        with mailbox_at(server, disposal=Disposal.KEEP, high_water=mark, **change) as mailbox:
            assert [mail.key for mail in mailbox.list()] == ["1"]


def test_a_batch_above_the_session_limit_is_cut_at_it():
    session = [*OPEN, answer_imap("UID STORE 1:30 "), answer_imap("UID EXPUNGE 1:30"), hear("m7 LOGOUT")]
    rest = [*OPEN, answer_imap("UID STORE 31:40 "), answer_imap("UID EXPUNGE 31:40"), hear("m7 LOGOUT")]
    with ScriptedServer(session, rest) as server:
        with mailbox_at(server, session_limit=30) as mailbox:
            mailbox.dispose([str(uid) for uid in range(1, 41)])
        assert (server.connections, server.trouble) == (2, [])


def test_a_server_that_claims_to_know_us_gets_no_unprotected_session():
    part = [say("* PREAUTH welcome"), answer_imap("CAPABILITY", "CAPABILITY IMAP4rev1 STARTTLS")]
    with ScriptedServer(part) as server:
        trouble = trouble_at(server, security=Security.STARTTLS)
    assert "does not offer STARTTLS" in str(trouble)


def test_words_before_the_handshake_are_not_believed():
    part = [
        say("* OK hello"),
        answer_imap("CAPABILITY", "CAPABILITY IMAP4rev1 STARTTLS"),
        hear(),
        raw(b"m2 OK go on\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"),
    ]
    with ScriptedServer(part) as server:
        assert "does not speak IMAP" in str(trouble_at(server, security=Security.STARTTLS))


def test_numbers_that_do_not_last_are_refused():
    for select in (["1 EXISTS"], [*SELECTED, "NO [UIDNOTSTICKY] sorry"]):
        with ScriptedServer([*SIGN_IN, answer_imap("SELECT", *select)]) as server:
            trouble = trouble_at(server)
        assert not trouble.temporary
        assert "no lasting numbers" in str(trouble)


def fetch(responses: bytes, spool: Path, *, end: str = "OK done", more: list | None = None) -> list[Fetched]:
    part = [
        *OPEN,
        answer_imap("NOOP"),
        answer_imap("UID SEARCH", "SEARCH 4 5"),
        answer_imap("UID FETCH", "1 FETCH (UID 4 RFC822.SIZE 3)", "2 FETCH (RFC822.SIZE 3 UID 5)"),
        hear("m8"),
        raw(responses),
        say(f"m8 {end}"),
        *(more or []),
    ]
    with ScriptedServer(part) as server, mailbox_at(server) as mailbox:
        return list(mailbox.fetch(mailbox.list(), spool))


def test_the_answer_to_a_fetch_may_be_in_any_order_and_form(tmp_path):
    mails = fetch(
        b"* 2 FETCH (BODY[] {10}\r\n(UID 4)\r\n\n UID 5 FLAGS (UID \\Seen))\r\n"
        b"* 3 EXISTS\r\n* 7 FETCH (FLAGS (\\Seen) UID 99)\r\n"
        b'* 1 FETCH (UID 4 BODY[] "a \\"b\\\\ UID 5" INTERNALDATE " 1-Jan-2026 10:00:00 +0100")\r\n',
        tmp_path,
    )
    assert [(mail.key, mail.raw) for mail in mails] == [("4", b'a "b\\ UID 5'), ("5", b"(UID 4)\r\n\n")]
    assert mails[0].arrived.isoformat() == "2026-01-01T10:00:00+01:00"
    assert mails[1].arrived is None


def test_one_bad_mail_does_not_keep_back_the_others(tmp_path):
    more = [
        hear("m9 UID FETCH 5 "),
        say("m9 NO internal error"),
    ]
    mails = fetch(
        b"* 1 FETCH (UID 4 BODY[] {1}\r\nx)\r\n", tmp_path, end="NO some could not be read", more=more
    )
    assert [mail.key for mail in mails] == ["4"]


def test_a_connection_lost_in_the_middle_of_a_big_mail_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr("mailcall.mailbox.imap.BIG", 10)
    with pytest.raises(MailboxError) as caught:
        fetch(
            b"* 1 FETCH (UID 4 BODY[] {20}\r\n" + b"x" * 20 + b")\r\n* 2 FETCH (UID 5 BODY[] {1000}\r\nhalf",
            tmp_path,
        )
    assert caught.value.temporary
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_rebuilt_is_listed_again():
    rebuilt = ["1 EXISTS", "OK [UIDVALIDITY 8] ok"]
    parts = [
        [*OPEN, answer_imap("UID STORE"), answer_imap("UID EXPUNGE"), hear()],
        [*SIGN_IN, answer_imap("SELECT", *rebuilt)],
    ]
    with ScriptedServer(*parts) as server, mailbox_at(server, session_limit=1) as mailbox:
        with pytest.raises(MailboxError, match="rebuilt") as caught:
            mailbox.dispose(["4"])
        assert caught.value.temporary


def test_a_copy_that_was_refused_deletes_nothing():
    part = [
        *OPEN[:3],
        answer_imap("CAPABILITY", "CAPABILITY IMAP4rev1 UIDPLUS"),
        OPEN[-1],
        answer_imap("UID COPY", end="NO [NONEXISTENT] no such folder"),
        answer_imap("CREATE", end="NO no rights"),
        answer_imap("UID COPY", end="NO [NONEXISTENT] no such folder"),
        hear(),
    ]
    with ScriptedServer(part) as server:
        with (
            pytest.raises(MailboxError, match=r"did not remove 1 of the mails .*\(no such folder\)"),
            mailbox_at(server, disposal=Disposal.MOVE, move_to="Done") as mailbox,
        ):
            mailbox.dispose(["4"])
        assert not any("STORE" in line or "EXPUNGE" in line for line in server.heard)


def test_a_full_target_folder_may_mend_itself():
    part = [*OPEN, answer_imap("UID MOVE", end="NO [OVERQUOTA] full"), hear()]
    with (
        ScriptedServer(part) as server,
        pytest.raises(MailboxError) as caught,
        mailbox_at(server, disposal=Disposal.MOVE, move_to="Done") as mailbox,
    ):
        mailbox.dispose(["4"])
    assert caught.value.temporary


def test_a_refused_disposal_does_not_stop_the_next_and_is_told_with_the_next_listing():
    part = [
        *OPEN,
        answer_imap("UID STORE 4 ", end="NO not yours"),
        answer_imap("UID STORE 5 "),
        answer_imap("UID EXPUNGE 5"),
        hear("m8 LOGOUT"),
    ]
    with ScriptedServer(part) as server:
        with mailbox_at(server) as mailbox:
            mailbox.dispose(["4"])
            mailbox.dispose(["5"])
            with pytest.raises(MailboxError, match=r"did not remove 1 of the mails .*\(not yours\)"):
                mailbox.list()
        assert server.trouble == []


@pytest.mark.parametrize("lie", [-1, 1, 2, 3, 20])
def test_a_literal_of_another_size_is_no_mail_and_leaves_no_file(lie, tmp_path, monkeypatch):
    monkeypatch.setattr("mailcall.mailbox.imap.BIG", 10)
    answer = (
        b"* 1 FETCH (UID 4 BODY[] {%d}\r\n" % (20 + lie)
        + b"x" * 20
        + b")\r\n* 2 FETCH (UID 5 BODY[] {1}\r\ny)\r\n"
    )
    with pytest.raises(MailboxError):
        fetch(answer, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_without_an_end_does_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("mailcall.mailbox.imap_wire.LONGEST_ANSWER", 100_000)
    with pytest.raises(MailboxError, match="an answer without an end"):
        fetch(b"* OK x\r\n" * 1000, tmp_path)


def test_news_in_the_same_packet_as_the_go_ahead_for_idle_are_not_missed():
    part = [
        *OPEN,
        answer_imap("NOOP"),
        hear(),
        raw(b"+ idling\r\n* 2 EXISTS\r\n"),
        hear("DONE"),
        say("m6 OK done"),
        hear(),
    ]
    with ScriptedServer(part) as server, mailbox_at(server) as mailbox:
        start = time.monotonic()
        assert mailbox.wait(5)
        assert time.monotonic() - start < 1


def test_half_a_line_during_idle_neither_blocks_nor_is_lost():
    part = [
        *OPEN,
        answer_imap("NOOP"),
        hear(),
        raw(b"+ idling\r\n* OK still here\r\n* 2 EX"),
        stall(0.8),
        raw(b"ISTS\r\n"),
        hear("DONE"),
        say("m6 OK done"),
        hear(),
    ]
    with ScriptedServer(part) as server, mailbox_at(server) as mailbox:
        assert mailbox.wait(5)  # longer than the time-out of an answer
        assert server.trouble == []


def test_an_interrupt_during_idle_leaves_the_session_usable():
    part = [
        *OPEN,
        answer_imap("NOOP"),
        hear(),
        say("+ idling"),
        hear("DONE"),
        say("m6 OK done"),
        answer_imap("NOOP"),
        answer_imap("UID SEARCH", "SEARCH"),
        hear(),
    ]
    with ScriptedServer(part) as server, mailbox_at(server) as mailbox:
        threading.Timer(0.2, mailbox.interrupt).start()
        assert mailbox.wait(5) is False
        assert mailbox.list() == []


def test_an_answer_to_a_challenge_is_the_digest_of_the_standard():
    """The example of RFC 2195 2."""
    challenge = base64.b64encode(b"<1896.697170952@postoffice.reston.mci.net>").decode()
    part = [
        say("* OK hello"),
        answer_imap("CAPABILITY", "CAPABILITY IMAP4rev1 AUTH=CRAM-MD5"),
        hear(),
        say(f"+ {challenge}"),
        hear(),
        say("m2 NO thank you"),
    ]
    with ScriptedServer(part) as server:
        trouble_at(server, login="tim", password="tanstaaftanstaaf")
        assert base64.b64decode(server.heard[2]) == b"tim b913a602c7eda7a495b4e6e7334d3890"
