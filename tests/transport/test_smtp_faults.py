"""What handing over does when a server is away, silent, or lost before, at or after the final dot."""

import base64
import re
import smtplib
import time

import pytest

from mailcall.transport.interface import Envelope, Result, ServerTrouble, TransportSettings
from mailcall.transport.smtp import SmtpTransport
from servers.process import wait_for
from servers.scripted import ScriptedServer, Step, answer, hang_up, hear, hear_mail, raw, say, stall

MAIL = b"Subject: x\r\n\r\nhello\r\n"
TO = ["a@shop.example", "b@shop.example"]
GREET = [say("220 hello"), answer("EHLO", "250 me")]
ACCEPT = [
    answer("MAIL", "250 ok"),
    answer("RCPT", "250 ok"),
    answer("RCPT", "550 5.1.1 nobody"),
    answer("DATA", "354 go on"),
]
PIPELINING = [
    say("220 hello"),
    answer("EHLO", "250-me", "250 PIPELINING"),
    hear("MAIL"),
    hear("RCPT"),
    hear("RCPT"),
    hear("DATA"),
]


def transport_at(server: ScriptedServer, **changes) -> SmtpTransport:
    patience = {"timeout": server.patience, "data_timeout": server.patience + 0.2}
    given = {"security": "plain", "helo": "desk.example"} | patience | changes
    return SmtpTransport(TransportSettings(server=server.host, port=server.port, **given))


def send(server: ScriptedServer, **changes) -> list[Result]:
    with transport_at(server, **changes) as transport:
        return [result.result for result in transport.send(Envelope("", TO, MAIL))]


def trouble(server: ScriptedServer, **changes) -> ServerTrouble:
    with pytest.raises(ServerTrouble) as caught:
        send(server, **changes)
    return caught.value


@pytest.mark.parametrize(
    "ending", [[], [hang_up()], [stall(2)], [say("what?")], [raw(b"25")], [say("354 more")]]
)
def test_no_answer_after_the_final_dot_is_unknown_for_those_accepted(ending):
    with ScriptedServer([*GREET, *ACCEPT, hear_mail(), *ending]) as server:
        assert send(server) == [Result.UNKNOWN, Result.FAILED]
    assert server.mails == [MAIL]


def test_after_a_lost_answer_the_next_mail_goes_over_a_new_connection():
    with ScriptedServer(
        [*GREET, *ACCEPT, hear_mail()], [*GREET, *ACCEPT, hear_mail(), say("250 done"), hear("QUIT")]
    ) as server:
        with transport_at(server) as transport:
            assert transport.send(Envelope("", TO, MAIL))[0].result is Result.UNKNOWN
            assert transport.send(Envelope("", TO, MAIL))[0].result is Result.SENT
        assert server.connections == 2


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        ("250 2.0.0 done", Result.SENT),
        ("451 4.3.0 later", Result.DEFERRED),
        ("421 4.3.2 closing", Result.DEFERRED),
        ("552 5.2.2 full", Result.FAILED),
        ("554 5.6.0 spam", Result.FAILED),
    ],
)
def test_the_answer_to_the_mail_is_that_of_each_accepted_recipient(reply, result):
    with ScriptedServer([*GREET, *ACCEPT, hear_mail(), say(reply), hear()]) as server:
        assert send(server) == [result, Result.FAILED]


@pytest.mark.parametrize(
    ("reply", "result"), [("451 4.3.0 later", Result.DEFERRED), ("554 5.7.0 no", Result.FAILED)]
)
def test_a_refused_data_is_that_of_each_accepted_recipient(reply, result):
    part = [*GREET, *ACCEPT[:3], answer("DATA", reply), answer("RSET", "250 ok"), hear()]
    with ScriptedServer(part) as server:
        assert send(server) == [result, Result.FAILED]
    assert server.mails == []


@pytest.mark.parametrize("code", [501, 503, 550, 553])
def test_a_recipient_refused_for_good_failed(code):
    part = [
        *GREET,
        ACCEPT[0],
        ACCEPT[1],
        answer("RCPT", f"{code} no"),
        ACCEPT[3],
        hear_mail(),
        say("250 ok"),
        hear(),
    ]
    with ScriptedServer(part) as server:
        assert send(server) == [Result.SENT, Result.FAILED]


@pytest.mark.parametrize("until", range(1, 5))
@pytest.mark.parametrize(
    "ending", [[], [hang_up()], [stall(2)], [say("421 4.3.2 going down")], [say("what?")]]
)
def test_trouble_before_the_mail_is_the_servers_and_may_mend_itself(until, ending):
    commands = ["MAIL", "RCPT", "RCPT", "DATA"]
    part = [*GREET, *ACCEPT[: until - 1], hear(commands[until - 1]), *ending]
    with ScriptedServer(part) as server:
        assert trouble(server).temporary
    assert server.mails == []


def test_a_connection_lost_in_the_middle_of_the_mail_is_the_servers_trouble():
    with ScriptedServer([*GREET, *ACCEPT, hear("Subject"), hang_up()]) as server:
        with transport_at(server) as transport, pytest.raises(ServerTrouble) as caught:
            transport.send(Envelope("", TO, MAIL + b"x" * 70 * 1_000_000))
        assert caught.value.temporary


@pytest.mark.parametrize("code", [421, 450, 530, 550, 554])
@pytest.mark.parametrize("pipelining", [False, True])
def test_a_refused_sender_is_the_servers_trouble(code, pipelining):
    if pipelining:
        part = [*PIPELINING, say(f"{code} no", *["503 no"] * 3), answer("RSET", "250 ok"), hear()]
    else:
        part = [*GREET, answer("MAIL", f"{code} no"), answer("RSET", "250 ok"), hear()]
    with ScriptedServer(part) as server:
        told = trouble(server)
    assert told.temporary is (code < 500)
    assert code == 421 or f"{code} no" in str(told)


@pytest.mark.parametrize(
    ("part", "temporary"),
    [
        ([say("554 5.3.2 not for you")], False),
        ([say("421 4.3.2 too busy")], True),
        ([say("220 hello"), answer("EHLO", "421 too busy"), answer("HELO", "421 too busy")], True),
        ([say("220 hello"), answer("EHLO", "550 who?"), answer("HELO", "550 who?")], False),
        ([say("SSH-2.0-OpenSSH_9")], True),
        ([stall(2)], True),
        ([], True),
    ],
)
def test_a_greeting_that_is_none_is_the_servers_trouble(part, temporary):
    with ScriptedServer(part) as server:
        assert trouble(server).temporary is temporary


@pytest.mark.parametrize(
    ("reply", "temporary"), [("535 5.7.8 c2VjcmV0 secret is wrong", False), ("454 4.7.0 later", True)]
)
def test_a_refused_sign_in_tells_waiting_from_acting_and_no_secret(reply, temporary):
    part = [say("220 hello"), answer("EHLO", "250-me", "250 AUTH PLAIN"), answer("AUTH PLAIN", reply)]
    with ScriptedServer(part) as server:
        told = trouble(server, login="desk", password="secret")
    assert told.temporary is temporary
    assert "secret" not in str(told)
    assert "c2VjcmV0" not in str(told)


LOGIN, PASSWORD = "login", 'pa"ss\\word 7'


def secrets_in(text: str) -> list[str]:
    """What of the password the text shows, plainly or to anyone who decodes its words."""
    shown = [text.replace("\\", "")]
    for run in re.findall(r"[A-Za-z0-9+/]{4,}", text):
        for start in range(4):
            part = run[start:] if len(run[start:]) % 4 != 1 else run[start:-1]
            shown.append(base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1"))
    return [part for part in shown if 'pa"s' in part or "word 7" in part or re.search("[0-9a-f]{16}", part)]


def echo(words: str) -> Step:
    """Answer with the line that was heard last."""
    return lambda connection: say(words.format(line=connection.heard[-1]))(connection)


@pytest.mark.parametrize(
    "words", ['500 Invalid command: "{line}"', "421 {line} came", "500-what is\r\n500 {line}"]
)
@pytest.mark.parametrize("method", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_server_that_repeats_our_sign_in_gives_no_secret_away(words, method):
    part = [say("220 hello"), answer("EHLO", "250-me", f"250 AUTH {method}")]
    if method == "LOGIN":
        part += [answer("AUTH LOGIN", "334 VXNlcm5hbWU6"), answer("", "334 UGFzc3dvcmQ6"), hear()]
    elif method == "CRAM-MD5":
        part += [answer("AUTH", f"334 {base64.b64encode(b'<1@mail.example>').decode()}"), hear()]
    else:
        part += [hear("AUTH PLAIN")]
    with ScriptedServer([*part, echo(words)]) as server:
        told = trouble(server, login=LOGIN, password=PASSWORD)
    assert secrets_in(server.heard[-1])
    assert secrets_in(str(told)) == []


@pytest.mark.parametrize(
    "plain", [f"{LOGIN}:{PASSWORD}", f"{LOGIN}\0{LOGIN}\0{PASSWORD}", f"\0x\0{PASSWORD}"]
)
def test_no_other_form_of_the_password_is_repeated(plain):
    token = base64.b64encode(plain.encode()).decode()
    part = [say("220 hello"), answer("EHLO", "250-me", "250 AUTH PLAIN"), answer("AUTH", f"535 bad {token}")]
    with ScriptedServer(part) as server:
        told = trouble(server, login=LOGIN, password=PASSWORD)
    assert secrets_in(str(told)) == []


def test_the_words_of_a_refused_sign_in_stay_where_they_tell_nothing():
    words = "535 5.7.8 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant"
    part = [say("220 hello"), answer("EHLO", "250-me", "250 AUTH PLAIN"), answer("AUTH", words)]
    with ScriptedServer(part) as server:
        assert words in str(trouble(server, login=LOGIN, password=PASSWORD))


@pytest.mark.parametrize(("reply", "temporary"), [("454 4.7.0 later", True), ("554 no", False)])
def test_a_refused_starttls_is_the_servers_trouble(reply, temporary):
    part = [say("220 hello"), answer("EHLO", "250-me", "250 STARTTLS"), answer("STARTTLS", reply), hear()]
    with ScriptedServer(part) as server:
        told = trouble(server, security="starttls")
    assert told.temporary is temporary
    assert "refuses STARTTLS" in str(told)


def test_a_port_where_nothing_listens_may_mend_itself():
    with ScriptedServer([]) as server:
        pass  # and is gone
    with pytest.raises(ServerTrouble, match="Nothing accepts connections") as caught:
        transport_at(server).__enter__()
    assert caught.value.temporary


def test_a_name_that_is_none_says_so():
    with pytest.raises(ServerTrouble, match="no server named"):
        SmtpTransport(TransportSettings(server="mail.invalid", port=1)).__enter__()


@pytest.mark.parametrize("ending", [[], [hear("MAIL"), say("421 4.4.2 you were idle")]])
def test_a_connection_that_was_closed_since_is_opened_again_once(ending):
    first = [*GREET, *ACCEPT, hear_mail(), say("250 done"), *ending]
    second = [*GREET, *ACCEPT, hear_mail(), say("250 done"), hear("QUIT")]
    with ScriptedServer(first, second) as server, transport_at(server) as transport:
        for _ in range(2):
            assert transport.send(Envelope("", TO, MAIL))[0].result is Result.SENT
            time.sleep(0.05)
        assert server.connections == 2
        assert len(server.mails) == 2


def test_after_trouble_the_next_mail_goes_over_a_new_connection():
    parts = [[*GREET, hear("MAIL")], [*GREET, *ACCEPT, hear_mail(), say("250 done"), hear("QUIT")]]
    with ScriptedServer(*parts) as server, transport_at(server) as transport:
        with pytest.raises(ServerTrouble):
            transport.send(Envelope("", TO, MAIL))
        assert transport.send(Envelope("", TO, MAIL))[0].result is Result.SENT


def test_a_go_ahead_for_nobody_gets_an_empty_mail():
    """RFC 2920 3.1: with PIPELINING the 354 may come although every recipient was refused."""
    part = [
        *PIPELINING,
        say("250 ok", "550 no", "450 later", "354 go on"),
        hear_mail(),
        say("554 nobody"),
        hear("QUIT"),
    ]
    with ScriptedServer(part) as server:
        assert send(server) == [Result.FAILED, Result.DEFERRED]
    assert server.mails == [b""]


def test_a_go_ahead_after_a_refused_sender_gets_an_empty_mail():
    part = [
        *PIPELINING,
        say("550 no", "250 ok", "250 ok", "354 go on"),
        hear_mail(),
        say("554 no"),
        answer("RSET", "250 ok"),
        hear(),
    ]
    with ScriptedServer(part) as server:
        assert "refuses the sender" in str(trouble(server))
    assert server.mails == [b""]


def test_replies_in_one_packet_are_told_apart():
    part = [
        *PIPELINING,
        say("250 ok", "250-two", "250 lines", "550 no", "354 go"),
        hear_mail(),
        say("250 ok"),
        hear(),
    ]
    with ScriptedServer(part) as server:
        assert send(server) == [Result.SENT, Result.FAILED]


def test_without_the_offer_nothing_is_pipelined():
    with ScriptedServer(
        [*GREET, hear("MAIL"), stall(0.2), say("250 ok"), *ACCEPT[1:], hear_mail(), say("250 ok")]
    ) as server:
        assert send(server)[0] is Result.SENT
    assert server.heard[1:3] == ["MAIL FROM:<>", "RCPT TO:<a@shop.example>"]


@pytest.mark.parametrize("until", [1, 2])
def test_a_go_ahead_that_nobody_asked_for_is_the_servers_trouble(until):
    """To believe it would send an empty mail, or a second one to a recipient whom the server accepted."""
    replies = ["250 ok", "250 ok", "250 ok", "354 go on"]
    replies[until - 1] = "354 what?"
    with ScriptedServer([*PIPELINING, say(*replies), hear_mail()]) as server:
        assert "does not speak SMTP" in str(trouble(server))
    assert server.mails == [b""]  # the connection was closed without a dot


@pytest.mark.parametrize("part", [[raw(b"220-x\r\n" * 2_000)], [raw(b"220 " + b"x" * 100_000)]])
def test_a_reply_without_an_end_is_given_up(part):
    with ScriptedServer(part) as server:
        assert "does not speak SMTP" in str(trouble(server))


@pytest.mark.parametrize("size", ["7" * 5000, "\xb2", "-1", "x"])
def test_a_size_that_is_no_number_is_no_limit(size):
    part = [say("220 hello"), hear("EHLO"), raw(f"250-me\r\n250 SIZE {size}\r\n".encode("latin-1"))]
    with ScriptedServer([*part, *ACCEPT, hear_mail(), say("250 ok"), hear()]) as server:
        assert send(server)[0] is Result.SENT


def test_a_reply_can_not_break_a_line_of_our_log():
    part = [
        *GREET,
        *ACCEPT[:2],
        raw(b""),
        hear("RCPT"),
        raw(b"550-a\tb\x1b[31m\r\n550 c\xff\r\n"),
        ACCEPT[3],
        hear_mail(),
        say("250 ok"),
        hear(),
    ]
    with ScriptedServer(part) as server, transport_at(server) as transport:
        reply = transport.send(Envelope("", TO, MAIL))[1].reply
    assert reply.startswith("550 a b")
    assert reply.isprintable()


def test_the_farewell_of_a_dead_server_does_not_hold_us_up():
    with ScriptedServer([*GREET, stall(5)]) as server:
        start = time.monotonic()
        with transport_at(server, timeout=30):
            pass
        assert time.monotonic() - start < 3


def test_no_debug_output_shows_the_password(capfd, monkeypatch):
    monkeypatch.setattr(smtplib.SMTP, "debuglevel", 0)
    part = [
        say("220 hello"),
        answer("EHLO", "250-me", "250 AUTH LOGIN"),
        answer("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        answer("", "334 UGFzc3dvcmQ6"),
        answer("", "535 no"),
    ]
    with ScriptedServer(part) as server:
        told = trouble(server, login="desk", password="hush-hush")
    assert told.temporary is False
    assert "hush-hush" not in "".join(capfd.readouterr())


# ---- the next mail's commands behind the final dot


GO_AHEAD = say("250 ok", "250 ok", "550 5.1.1 nobody", "354 go on")
INTRODUCTION = PIPELINING[2:]
FURTHER = [MAIL.replace(b"x", b"%d" % number) for number in range(3)]


def send_all(server: ScriptedServer, count: int = 3) -> list[Result]:
    """What became of the first recipient of each mail."""
    with transport_at(server) as transport:
        mails = (Envelope("", TO, mail) for mail in FURTHER[:count])
        return [results[0].result for results in transport.send_all(mails)]


def test_the_next_mail_is_introduced_behind_the_final_dot():
    """RFC 2920 3.1: the content of a mail may be the first in a group of commands."""
    part = [
        *PIPELINING,
        *[GO_AHEAD, hear_mail(), *INTRODUCTION, say("250 done")] * 2,
        *[GO_AHEAD, hear_mail(), say("250 done"), answer("QUIT", "221 bye")],
    ]
    with ScriptedServer(part) as server:
        assert send_all(server) == [Result.SENT] * 3
        assert server.connections == 1
    assert server.trouble == []
    assert server.mails == FURTHER


def test_nothing_of_the_next_mail_leaves_before_it_is_asked_for():
    part = [*PIPELINING, GO_AHEAD, hear_mail(), *INTRODUCTION, say("250 done"), GO_AHEAD, hear_mail()]
    with ScriptedServer(part) as server:
        with transport_at(server) as transport:
            answers = transport.send_all(Envelope("", TO, mail) for mail in FURTHER)
            assert next(answers)[0].result is Result.SENT
            answers.close()
        wait_for(lambda: len(server.mails) == 2, 5)
    assert server.mails == [FURTHER[0], b""]  # the connection was closed without a dot


@pytest.mark.parametrize(
    "ending",
    [
        [],
        [hang_up()],
        [stall(2)],
        [say("421 4.7.0 too many mails")],
        [say("what?")],
        [say("250 ok", "250 ok", "550 no", "250 what?")],
    ],
)
def test_a_server_that_loses_an_introduction_gets_none_so_any_more(ending):
    first = [*PIPELINING, GO_AHEAD, hear_mail(), *INTRODUCTION, say("250 done"), *ending]
    second = [*PIPELINING, *[GO_AHEAD, hear_mail(), say("250 done"), *INTRODUCTION] * 2]
    with ScriptedServer(first, second) as server:
        assert send_all(server) == [Result.SENT] * 3
        assert server.connections == 2
    assert server.mails == FURTHER


def test_a_lost_answer_to_a_mail_leaves_the_introduced_one_untouched():
    first = [*PIPELINING, GO_AHEAD, hear_mail(), *INTRODUCTION]
    second = [*PIPELINING, GO_AHEAD, hear_mail(), say("250 done"), hear("QUIT")]
    with ScriptedServer(first, second) as server:
        assert send_all(server, 2) == [Result.UNKNOWN, Result.SENT]
    assert server.mails == FURTHER[:2]


def test_a_refused_mail_does_not_refuse_the_introduced_one():
    part = [
        *PIPELINING,
        *[GO_AHEAD, hear_mail(), *INTRODUCTION, say("554 5.6.0 spam")],
        *[say("250 ok", "450 later", "450 later", "451 nobody"), answer("RSET", "250 ok"), *INTRODUCTION],
        *[GO_AHEAD, hear_mail(), say("250 done"), hear("QUIT")],
    ]
    with ScriptedServer(part) as server:
        assert send_all(server) == [Result.FAILED, Result.DEFERRED, Result.SENT]
        assert server.connections == 1


def test_a_refused_sender_of_an_introduced_mail_is_the_servers_trouble():
    part = [
        *PIPELINING,
        *[GO_AHEAD, hear_mail(), *INTRODUCTION, say("250 done")],
        *[say("550 no", *["503 no"] * 3), answer("RSET", "250 ok"), hear("QUIT")],
    ]
    with ScriptedServer(part) as server, transport_at(server) as transport:
        answers = transport.send_all(Envelope("", TO, mail) for mail in FURTHER)
        assert next(answers)[0].result is Result.SENT
        with pytest.raises(ServerTrouble, match="refuses the sender"):
            next(answers)
    assert server.mails == FURTHER[:1]


def test_without_the_offer_nothing_is_said_behind_the_final_dot():
    part = [*GREET, *[*ACCEPT, hear_mail(), stall(0.1), say("250 done")] * 3, hear("QUIT")]
    with ScriptedServer(part) as server:
        assert send_all(server) == [Result.SENT] * 3
    assert server.mails == FURTHER


def test_big_mails_are_made_one_by_one():
    big, made = MAIL + b"x" * 200_000, []

    def mails():
        for _ in range(4):
            made.append(1)
            yield Envelope("", TO, big)

    part = [*PIPELINING, *[GO_AHEAD, hear_mail(), say("250 done"), *INTRODUCTION] * 3, GO_AHEAD, hear_mail()]
    with ScriptedServer([*part, say("250 done"), hear("QUIT")]) as server, transport_at(server) as transport:
        for number, results in enumerate(transport.send_all(mails()), 1):
            assert results[0].result is Result.SENT
            assert len(made) <= number + 2
    assert len(server.mails) == 4
