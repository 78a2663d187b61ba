"""What collecting does when a POP3 server is away, silent, in use, or talks nonsense."""

import base64
import hashlib
import logging
import re
import socket
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.mailbox import pop3 as pop3_module
from mailcall.mailbox.interface import Disposal, Fetched, MailboxError, MailboxSettings, Security
from mailcall.mailbox.pop3 import Pop3Mailbox
from mailcall.mailbox.pop3_wire import Wire
from servers.scripted import ScriptedServer, Step, answer, hang_up, hear, raw, say, stall

HELLO = [say("+OK hello"), answer("CAPA", "+OK", "USER", "UIDL", ".")]
SIGN_IN = [*HELLO, answer("USER", "+OK"), answer("PASS", "+OK")]
QUIT = answer("QUIT", "+OK bye")


def listing(*mails: tuple[str, int]) -> list[Step]:
    """What the server says to `list`: UIDL and size of each mail; with no UIDLs it knows no such command."""
    sizes = [f"{number} {size}" for number, (_, size) in enumerate(mails, 1)]
    names = [f"{number} {uidl}" for number, (uidl, _) in enumerate(mails, 1)]
    has_uidl = any(uidl for uidl, _ in mails) or not mails
    return [
        answer("LIST", "+OK", *sizes, "."),
        answer("UIDL", "+OK", *names, ".") if has_uidl else answer("UIDL", "-ERR what is that?"),
    ]


def retr(number: int, content: str = "x") -> Step:
    return answer(f"RETR {number}", "+OK", content, ".")


def dele(number: int, end: str = "+OK") -> Step:
    return answer(f"DELE {number}", end)


def mailbox_at(server: ScriptedServer, **changes) -> Pop3Mailbox:
    given = {
        "server": server.host,
        "login": "a",
        "password": "very secret",
        "timeout": server.patience,
        "security": Security.PLAIN,
    }
    return Pop3Mailbox(MailboxSettings(port=server.port, **(given | changes)))


def trouble_at(server: ScriptedServer, **changes) -> MailboxError:
    with pytest.raises(MailboxError) as caught, mailbox_at(server, **changes):
        pass
    return caught.value


def take_all(mailbox: Pop3Mailbox, spool: Path) -> list[Fetched]:
    """List, fetch and dispose, as the collector does."""
    mails = list(mailbox.fetch(mailbox.list(), spool))
    mailbox.dispose([mail.key for mail in mails])
    return mails


def test_a_port_where_nothing_listens_may_mend_itself():
    with ScriptedServer([]) as server:
        pass  # and is gone
    trouble = trouble_at(server)
    assert trouble.temporary
    assert "Nothing accepts connections" in str(trouble)


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
        [say("+OK hello"), hear(), say("220 what?")],
        [say("+OK hello"), hear(), raw(b"\x00\xff\xfe\r\n")],
        [say("")],
        [raw(b"x" * 100_000)],
        [say("+OK hello"), hear(), say("+OK", *["X"] * 5, "no end")],
        [say("+OK hello"), hear(), say("+OK", *[f"X{n}" for n in range(1_001)], ".")],
        [*SIGN_IN[:2], answer("USER", "+ go on")],
        [say("-ERR too many of you")],
        [say("-ERR [SYS/TEMP] disk full")],
        [hang_up()],
        [],
    ],
)
def test_nonsense_is_one_sentence_and_may_mend_itself(part):
    with ScriptedServer(part) as server:
        trouble = trouble_at(server)
    assert trouble.temporary
    assert str(trouble).endswith(".")


NONSENSE = [
    [answer("LIST", "+OK", "one two", ".")],
    [answer("LIST", "+OK", "", ".")],
    [answer("LIST", "+OK", "-1 5", ".")],
    [answer("LIST", "-ERR no")],
    [answer("LIST", "+OK", "1 5", "."), answer("UIDL", "+OK", "x y z", ".")],
    [answer("LIST", "+OK"), raw(b"1" * 200_000)],
    [answer("LIST", "+OK", "1 5"), hang_up()],
    [answer("LIST", "+OK", "1 5"), stall(2)],
]


@pytest.mark.parametrize("part", NONSENSE)
def test_nonsense_in_a_listing_is_one_sentence(part):
    with (
        ScriptedServer([*SIGN_IN, *part]) as server,
        mailbox_at(server) as mailbox,
        pytest.raises(MailboxError) as caught,
    ):
        mailbox.list()
    assert caught.value.temporary


@pytest.mark.parametrize(
    ("end", "temporary", "says"),
    [
        ("-ERR [AUTH] wrong", False, "did not accept"),
        ("-ERR wrong", False, "did not accept"),
        ("-ERR Account is locked", False, "did not accept"),
        ("-ERR the password 'very secret' is wrong", False, "did not accept"),
        ("-ERR [SYS/PERM] mailbox is broken", False, "did not accept"),
        ("-ERR [IN-USE] mailbox is locked", True, "in use by another session"),
        ("-ERR unable to lock mailbox", True, "in use by another session"),
        ("-ERR maildrop already locked", True, "in use by another session"),
        ("-ERR [LOGIN-DELAY] 5 minutes", True, "a longer check interval"),
        ("-ERR [SYS/TEMP] later", True, "can't be used now"),
    ],
)
def test_a_refused_sign_in_tells_waiting_from_acting(end, temporary, says):
    with ScriptedServer([*SIGN_IN[:3], answer("PASS", end)]) as server:
        trouble = trouble_at(server)
    assert trouble.temporary is temporary
    assert says in str(trouble)
    assert "very secret" not in str(trouble)


LOGIN, PASSWORD = "login", 'pa"ss\\word 7'
OFFERS = {
    "user": (["USER"], []),
    "plain": (["SASL PLAIN"], ["+ "]),
    "login": (["SASL LOGIN"], ["+ VXNlcm5hbWU6", "+ UGFzc3dvcmQ6"]),
    "cram-md5": (["SASL CRAM-MD5"], [f"+ {base64.b64encode(b'<1@mail.example>').decode()}"]),
}
ECHOES = {
    "the line": "-ERR Invalid command: {line}",
    "the line, cut": "-ERR " + "x" * 165 + " {line}",
    "no answer of ours": "XX unknown {line}",
}


def secrets_in(text: str) -> list[str]:
    """What of the password the text shows, plainly or to anyone who decodes its words."""
    shown = [text.replace("\\", "")]
    for run in re.findall(r"[A-Za-z0-9+/]{4,}", text):
        for start in range(4):
            part = run[start:] if len(run[start:]) % 4 != 1 else run[start:-1]
            shown.append(base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1"))
    return [part for part in shown if 'pa"s' in part or "word 7" in part or re.search("[0-9a-f]{16}", part)]


@pytest.mark.parametrize("words", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("method", OFFERS)
def test_a_server_that_repeats_our_sign_in_gives_no_secret_away(words, method):
    def echo(connection) -> None:
        say(words.format(line=connection.heard[-1]))(connection)

    capabilities, challenges = OFFERS[method]
    part = [say("+OK hello"), answer("CAPA", "+OK", *capabilities, "."), hear()]
    if method == "user":
        part += [say("+OK"), hear()]
    for challenge in challenges:
        part += [say(challenge), hear()]
    with ScriptedServer([*part, echo]) as server:
        trouble = trouble_at(server, login=LOGIN, password=PASSWORD)
    assert secrets_in(server.heard[-1])
    assert secrets_in(str(trouble)) == []
    assert trouble.__cause__ is None


def test_a_challenge_too_many_is_cancelled():
    part = [say("+OK"), answer("CAPA", "+OK", "SASL PLAIN", "."), hear("AUTH PLAIN")]
    part += [say("+ "), hear(), say("+ and now?"), answer("*", "-ERR cancelled")]
    with ScriptedServer(part) as server:
        assert "did not accept" in str(trouble_at(server))
        assert server.trouble == []


def test_a_server_that_proves_nothing_is_not_signed_in_to():
    part = [say("+OK"), answer("CAPA", "+OK", "SASL SCRAM-SHA-256", "."), hear("AUTH SCRAM-SHA-256")]
    part += [say("+ "), hear(), say("+OK welcome")]
    with ScriptedServer(part) as server:
        assert "without a proof that it knows the password" in str(trouble_at(server))


@pytest.mark.parametrize(
    "first", ["r=other,s=c2FsdA==,i=4096", "nonsense", "r={nonce}x,s=c2FsdA==,i=99999999", "e=no"]
)
def test_a_server_that_answers_scram_with_nonsense_is_one_sentence(first):
    def lie(connection) -> None:
        nonce = base64.b64decode(connection.heard[-1]).decode().partition(",r=")[2]
        say("+ " + base64.b64encode(first.format(nonce=nonce).encode()).decode())(connection)

    part = [say("+OK"), answer("CAPA", "+OK", "SASL SCRAM-SHA-256", "."), hear("AUTH SCRAM-SHA-256")]
    with ScriptedServer([*part, say("+ "), hear(), lie]) as server:
        trouble = trouble_at(server)
    assert "choose another method by hand" in str(trouble)
    assert not trouble.temporary


def test_a_challenge_that_is_no_base64_is_one_sentence():
    part = [say("+OK"), answer("CAPA", "+OK", "SASL CRAM-MD5", "."), hear("AUTH"), say("+ !?x"), hear()]
    with ScriptedServer(part) as server:
        assert "does not speak POP3" in str(trouble_at(server))


def test_an_answer_to_a_challenge_is_the_digest_of_the_standard():
    """The example of RFC 2195 2."""
    challenge = base64.b64encode(b"<1896.697170952@postoffice.reston.mci.net>").decode()
    part = [say("+OK"), answer("CAPA", "+OK", "SASL CRAM-MD5", "."), hear(), say(f"+ {challenge}"), hear()]
    with ScriptedServer([*part, say("-ERR thank you")]) as server:
        trouble_at(server, login="tim", password="tanstaaftanstaaf")
        assert base64.b64decode(server.heard[2]) == b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_apop_is_the_digest_of_the_standard():
    """The example of RFC 1939 7."""
    part = [say("+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>"), answer("CAPA", "-ERR"), hear()]
    with ScriptedServer([*part, say("-ERR thank you")]) as server:
        trouble_at(server, login="mrose", password="tanstaaf", auth_method="apop")
        assert server.heard[-1] == "APOP mrose c4c9334bac560ecc979e58001b3e22fb"


@pytest.mark.parametrize("stamp", [b"<no-at-sign>", b"<a@b", b"<\xe4@b>", b"<@b>", b"<a b@c>"])
def test_a_banner_without_a_real_time_stamp_is_no_offer_of_apop(stamp):
    with ScriptedServer([raw(b"+OK " + stamp + b"\r\n"), answer("CAPA", "-ERR")]) as server:
        assert "no sign-in by apop; it offers login" in str(trouble_at(server, auth_method="apop"))


def test_without_a_common_method_it_says_what_there_is():
    part = [say("+OK"), answer("CAPA", "+OK", "SASL GSSAPI", ".")]
    with ScriptedServer(part) as server:
        assert "choose TLS or STARTTLS" in str(trouble_at(server))
        trouble = trouble_at(server, auth_method="cram-md5")
    assert not trouble.temporary


def test_words_before_the_handshake_are_not_believed():
    part = [say("+OK"), answer("CAPA", "+OK", "STLS", "."), hear("STLS"), raw(b"+OK\r\n+OK USER\r\n")]
    with ScriptedServer(part) as server:
        assert "does not speak POP3" in str(trouble_at(server, security=Security.STARTTLS))


@pytest.mark.parametrize("capa", [["-ERR what?"], ["+OK", "USER", "."]])
def test_without_stls_no_password_is_sent(capa):
    with ScriptedServer([say("+OK"), answer("CAPA", *capa), answer("STLS", "-ERR what?")]) as server:
        trouble = trouble_at(server, security=Security.STARTTLS)
        assert "does not offer STARTTLS" in str(trouble)
        assert not any(line.startswith(("USER", "PASS", "AUTH")) for line in server.heard)


def test_a_server_of_1990_without_capa_and_uidl_is_collected_from(tmp_path):
    part = [say("+OK"), answer("CAPA", "-ERR"), answer("USER", "+OK"), answer("PASS", "+OK")]
    part += [*listing(("", 1), ("", 1)), retr(1, "one"), retr(2, "two"), dele(1), dele(2), QUIT]
    with ScriptedServer(part) as server:
        with mailbox_at(server) as mailbox:
            first, second = take_all(mailbox, tmp_path)
        assert server.trouble == []
    assert (first.raw, second.raw) == (b"one\r\n", b"two\r\n")
    assert first.identity == f"pop3:a@127.0.0.1//{hashlib.sha256(first.raw).hexdigest()}"


def test_keeping_needs_uidl():
    with (
        ScriptedServer([*SIGN_IN, *listing(("", 1)), QUIT]) as server,
        mailbox_at(server, disposal=Disposal.KEEP) as mailbox,
    ):
        with pytest.raises(MailboxError, match="has no UIDL") as caught:
            mailbox.list()
        assert not caught.value.temporary


def test_a_name_that_is_used_again_is_another_mail(tmp_path):
    sessions = [
        [*SIGN_IN, *listing(("1", 3)), retr(1, "old"), dele(1), QUIT],
        [*SIGN_IN, *listing(("1", 3)), retr(1, "new"), dele(1), QUIT],
    ]
    identities = set()
    with ScriptedServer(*sessions) as server:
        for _ in sessions:
            with mailbox_at(server) as mailbox:
                identities |= {mail.identity for mail in take_all(mailbox, tmp_path)}
        assert server.trouble == []
    assert len(identities) == 2


def test_two_mails_of_one_name_in_one_listing_are_both_taken(tmp_path):
    part = [*SIGN_IN, *listing(("same", 3), ("same", 3))]
    part += [retr(1, "one"), retr(2, "two"), dele(1), dele(2), QUIT]
    with ScriptedServer(part) as server:
        with mailbox_at(server) as mailbox:
            mails = take_all(mailbox, tmp_path)
        assert server.trouble == []
    assert len({mail.identity for mail in mails}) == 2


def test_a_kept_mail_whose_name_is_not_its_own_is_always_read():
    with (
        ScriptedServer([*SIGN_IN, *listing(("same", 3), ("same", 3), ("same", 4)), QUIT]) as server,
        mailbox_at(server, disposal=Disposal.KEEP) as mailbox,
    ):
        assert [mail.kept_as for mail in mailbox.list()] == [None, None, "pop3:a@127.0.0.1/same/4"]


def test_a_kept_name_that_is_used_again_with_another_size_is_a_new_mail():
    def kept(*mails: tuple[str, int]) -> list[Step]:
        return [*SIGN_IN, *listing(*mails), QUIT]

    with ScriptedServer(kept(("1", 3), ("2", 5)), kept(("1", 4), ("2", 5))) as server:
        with mailbox_at(server, disposal=Disposal.KEEP) as mailbox:
            first = mailbox.list()
            mailbox.dispose([mail.key for mail in first])
            mark = mailbox.high_water
        with mailbox_at(server, disposal=Disposal.KEEP, high_water=mark) as mailbox:
            again = mailbox.list()
    assert {mail.kept_as for mail in again} - {mail.kept_as for mail in first} == {"pop3:a@127.0.0.1/1/4"}


@pytest.mark.parametrize("name", ["x" * 71, "ä", "a b", "x" * 5_000])
def test_a_name_of_no_standard_form_stays_distinct(name, tmp_path):
    part = [*SIGN_IN, *listing((name, 1), (name + "y", 1)), retr(1), retr(2), QUIT]
    with ScriptedServer(part) as server, mailbox_at(server) as mailbox:
        mails = list(mailbox.fetch(mailbox.list(), tmp_path))
    assert len({mail.identity for mail in mails}) == 2
    assert all(len(mail.identity) < 200 for mail in mails)


def test_a_session_that_deletes_nothing_ends_well_whatever_quit_is_answered():
    for end in ([answer("QUIT", "-ERR no")], [hear("QUIT"), hang_up()], []):
        with ScriptedServer([*SIGN_IN, *listing(), *end]) as server, mailbox_at(server) as mailbox:
            assert mailbox.list() == []


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ([answer("QUIT", "-ERR some deleted messages not removed")], "did not delete 1 of the mails"),
        ([hear("QUIT"), hang_up()], "broke"),
        ([hear("QUIT"), stall(4)], "did not answer"),
        ([hang_up()], "broke"),
    ],
)
def test_a_session_that_ends_badly_says_so_and_the_next_gives_the_same_mail(end, says, tmp_path):
    begin = [*SIGN_IN, *listing(("u", 1)), retr(1), dele(1)]
    with ScriptedServer([*begin, *end], [*begin, QUIT]) as server:
        mailbox = mailbox_at(server).__enter__()
        (before,) = take_all(mailbox, tmp_path)
        with pytest.raises(MailboxError, match=says) as caught:
            mailbox.__exit__()
        assert caught.value.temporary or "did not delete" in str(caught.value)
        with mailbox_at(server) as mailbox:
            (again,) = take_all(mailbox, tmp_path)
    assert again.identity == before.identity


def test_a_refused_deletion_does_not_stop_the_others_and_is_told_at_the_end(tmp_path):
    part = [*SIGN_IN, *listing(("u", 1), ("v", 1), ("w", 1)), retr(1), retr(2), retr(3)]
    part += [dele(1), dele(2, "-ERR not yours"), dele(3), QUIT]
    with ScriptedServer(part) as server:
        with (
            pytest.raises(MailboxError, match=r"did not delete 1 of the mails .*\(not yours\)"),
            mailbox_at(server) as mailbox,
        ):
            assert len(take_all(mailbox, tmp_path)) == 3
        assert server.trouble == []


def test_another_trouble_is_not_hidden_by_how_the_session_ends(tmp_path):
    part = [*SIGN_IN, *listing(("u", 1)), retr(1), dele(1), answer("QUIT", "-ERR no")]
    with ScriptedServer(part) as server:
        with pytest.raises(ZeroDivisionError), mailbox_at(server) as mailbox:
            take_all(mailbox, tmp_path)
            raise ZeroDivisionError
        assert server.heard[-1] == "QUIT"  # what the journal holds may go


def test_a_mail_that_is_refused_is_left_out_and_the_log_says_so(tmp_path, caplog):
    part = [*SIGN_IN, *listing(("u", 1), ("v", 1)), answer("RETR 1", "-ERR can't read"), retr(2), QUIT]
    with (
        ScriptedServer(part) as server,
        caplog.at_level(logging.WARNING),
        mailbox_at(server) as mailbox,
    ):
        (mail,) = mailbox.fetch(mailbox.list(), tmp_path)
    assert "/v/" in mail.identity
    assert "/u was not handed over: can't read" in caplog.text


def test_a_server_that_refuses_every_mail_is_a_trouble(tmp_path):
    refusals = [answer(f"RETR {number}", "-ERR [SYS/TEMP] no") for number in (1, 2)]
    with (
        ScriptedServer([*SIGN_IN, *listing(("u", 1), ("v", 1)), *refusals, QUIT]) as server,
        mailbox_at(server) as mailbox,
    ):
        with pytest.raises(MailboxError, match="can't be used now") as caught:
            list(mailbox.fetch(mailbox.list(), tmp_path))
        assert caught.value.temporary


@pytest.mark.parametrize("end", [[hang_up()], [stall(2)], []])
def test_a_connection_lost_in_the_middle_of_a_big_mail_leaves_no_file(end, tmp_path, monkeypatch):
    monkeypatch.setattr(pop3_module, "BIG", 10)
    part = [*SIGN_IN, *listing(("u", 1), ("v", 1)), retr(1, "x" * 50), hear("RETR 2"), say("+OK", "y" * 50)]
    with (
        ScriptedServer([*part, *end]) as server,
        mailbox_at(server) as mailbox,
        pytest.raises(MailboxError) as caught,
    ):
        list(mailbox.fetch(mailbox.list(), tmp_path))
    assert caught.value.temporary
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_deleted_after_a_mail_that_broke_off(tmp_path):
    part = [*SIGN_IN, *listing(("u", 1), ("v", 1)), retr(1), dele(1), hear("RETR 2"), say("+OK", "half")]
    with ScriptedServer([*part, stall(1), hear()]) as server:
        with pytest.raises(MailboxError), mailbox_at(server) as mailbox:
            first, second = mailbox.list()
            mailbox.dispose([mail.key for mail in mailbox.fetch([first], tmp_path)])
            list(mailbox.fetch([second], tmp_path))
        assert server.heard[-1] != "QUIT"


@pytest.mark.parametrize("claimed", [0, 1, 10**17])
def test_a_size_that_is_a_lie_changes_nothing(claimed, tmp_path):
    with (
        ScriptedServer([*SIGN_IN, *listing(("u", claimed)), retr(1, "twelve bytes"), QUIT]) as server,
        mailbox_at(server) as mailbox,
    ):
        (mail,) = mailbox.fetch(mailbox.list(), tmp_path)
    assert (mail.raw, mail.size) == (b"twelve bytes\r\n", 14)


def test_sizes_that_are_lies_do_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(pop3_module, "BATCH_BYTES", 1_000)
    part = [*SIGN_IN, *listing(*[(f"u{number}", 1) for number in range(10)])]
    part += [retr(number, "x" * 300) for number in range(1, 11)]
    with ScriptedServer([*part, QUIT]) as server, mailbox_at(server) as mailbox:
        mails = list(mailbox.fetch(mailbox.list(), tmp_path))
    assert sum(len(mail.raw or b"") for mail in mails) <= 1_000
    assert {mail.size for mail in mails} == {302}
    assert all(mail.file.read_bytes() == b"x" * 300 + b"\r\n" for mail in mails if mail.file)


def test_commands_go_ahead_of_answers_only_where_the_server_can_do_that(tmp_path):
    part = [say("+OK hello"), answer("CAPA", "+OK", "USER", "PIPELINING", "."), *SIGN_IN[2:]]
    part += [hear("LIST"), hear("UIDL"), say("+OK", "1 1", "2 1", ".", "+OK", "1 u", "2 v", ".")]
    part += [hear("RETR 1"), hear("RETR 2"), say("+OK", "x", ".", "+OK", "y", ".")]
    part += [hear("DELE 1"), hear("DELE 2"), say("+OK", "+OK"), QUIT]
    with ScriptedServer(part) as server:
        with mailbox_at(server) as mailbox:
            assert [mail.raw for mail in take_all(mailbox, tmp_path)] == [b"x\r\n", b"y\r\n"]
        assert server.trouble == []


def test_in_another_session_mails_are_found_by_their_names(tmp_path):
    """Numbers begin anew, and here another client has deleted as well."""
    sessions = [
        [*SIGN_IN, *listing(("u", 1), ("v", 1), ("w", 1), ("x", 1)), retr(1), dele(1), QUIT],
        [*SIGN_IN, answer("UIDL", "+OK", "1 w", "2 x", "3 new", "."), retr(1, "w"), dele(1), QUIT],
        [*SIGN_IN, answer("UIDL", "+OK", "1 x", "2 new", "."), retr(1, "x"), dele(1), QUIT],
    ]
    with ScriptedServer(*sessions) as server:
        with mailbox_at(server, session_limit=1) as mailbox:
            listed = mailbox.list()
            got = []
            for mail in (listed[0], listed[2], listed[3]):
                got += mailbox.fetch([mail], tmp_path)
                mailbox.dispose([mail.key])
            assert list(mailbox.fetch([listed[1]], tmp_path)) == []
        assert server.trouble[:-1] == []
    assert [mail.identity.split("/")[1] for mail in got] == ["u", "w", "x"]


def test_in_another_session_without_names_mails_are_found_by_their_order(tmp_path):
    no_names = answer("UIDL", "-ERR what?")
    sessions = [
        [*SIGN_IN, *listing(("", 1), ("", 1), ("", 1)), retr(1), retr(2), dele(2), QUIT],
        [*SIGN_IN, no_names, retr(2, "third"), dele(2), QUIT],
    ]
    with ScriptedServer(*sessions) as server:
        with mailbox_at(server, session_limit=1) as mailbox:
            first, second, third = mailbox.list()
            list(mailbox.fetch([first, second], tmp_path))
            mailbox.dispose([second.key])
            (mail,) = mailbox.fetch([third], tmp_path)
            mailbox.dispose([first.key, third.key])  # the first was read in another session
        assert server.trouble == []
    assert mail.raw == b"third\r\n"


def test_a_second_session_that_is_refused_is_a_trouble_that_mends_itself(tmp_path):
    sessions = [
        [*SIGN_IN, *listing(("u", 1), ("v", 1)), retr(1), dele(1), QUIT],
        [*HELLO, answer("USER", "+OK"), answer("PASS", "-ERR [LOGIN-DELAY] wait a minute")],
    ]
    with (
        ScriptedServer(*sessions) as server,
        pytest.raises(MailboxError, match="not be opened again so soon") as caught,
        mailbox_at(server, session_limit=1) as mailbox,
    ):
        first, second = mailbox.list()
        mailbox.dispose([mail.key for mail in mailbox.fetch([first], tmp_path)])
        list(mailbox.fetch([second], tmp_path))
    assert caught.value.temporary


def hand_over(body: bytes, chunk: int, spool: Path, *, above: int, eol: bytes = b"\r\n") -> bytes:
    """What `Wire.mail` makes of an answer that arrives in pieces of so many bytes."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    told = b"+OK" + eol + body + b"+OK next" + eol

    def send() -> None:
        for first in range(0, len(told), chunk):
            theirs.sendall(told[first : first + chunk])
            time.sleep(0.0005)

    sender = threading.Thread(target=send)
    with ours, theirs:
        wire = Wire(ours)
        wire.send([b"RETR 1", b"NOOP"])
        sender.start()
        wire.answer()
        mail = wire.mail(spool, above=above)
        assert wire.answer() == b"next"
        sender.join()
    assert isinstance(mail.content, Path) is (mail.size > above)
    content = mail.content if isinstance(mail.content, bytes) else mail.content.read_bytes()
    assert mail.size == len(content)
    assert mail.sha256 == hashlib.sha256(content).hexdigest()
    return content


def shielded(mail: bytes, eol: bytes = b"\r\n") -> bytes:
    """As RFC 1939 3 has a server send it."""
    lines = [b"." + line if line.startswith(b".") else line for line in mail.split(eol)]
    return eol.join(lines) + b"." + eol


PIECES = [b"\r\n", b"\r", b"\n", b".", b"..", b"x", b"\0", b"\r\n.\n", b"\n.\r\n", b"+OK\r\n"]
MAILS = st.lists(st.sampled_from(PIECES), max_size=30).map(lambda pieces: b"".join([*pieces, b"\r\n"]))


@given(MAILS, st.integers(1, 40), st.sampled_from([0, 5, 10**6]))
def test_any_mail_comes_as_it_is_however_it_is_cut_into_packets(tmp_path_factory, mail, chunk, above):
    spool = tmp_path_factory.mktemp("spool")
    assert hand_over(shielded(mail), chunk, spool, above=above) == mail


def test_a_mail_without_a_byte_is_a_mail(tmp_path):
    assert hand_over(b".\r\n", 100, tmp_path, above=100) == b""


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_a_server_that_ends_its_lines_with_lf_alone_is_understood(tmp_path, chunk):
    mail = b"Subject: x\n\n.\n..\ny\n"
    assert hand_over(shielded(mail, b"\n"), chunk, tmp_path, above=5, eol=b"\n") == mail


def test_a_line_of_ten_million_bytes_goes_into_its_file_piece_by_piece(tmp_path):
    ours, theirs = socket.socketpair()
    parts = [*[b"x" * 100_000] * 100, b"\r\n.\r\n"]
    sender = threading.Thread(target=lambda: [theirs.sendall(part) for part in parts])
    with ours, theirs:
        wire = Wire(ours)
        sender.start()
        tracemalloc.start()
        mail = wire.mail(tmp_path, above=1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        sender.join()
    assert mail.content.stat().st_size == 10_000_002
    assert peak < 4_000_000
