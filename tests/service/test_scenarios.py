"""Every outcome of a subject line on real servers, from both sides: Dovecot in, Postfix out, read as mail."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from desks import mail, reply_to
from installations import DESK, Installation, installation
from mailcall.message import read_mail
from mailcall.message.mail import Mail
from servers.dovecot import Dovecot
from servers.postfix import Postfix

pytestmark = pytest.mark.servers

UMA, MIA, EVE = "uma@customer.example", "mia@customer.example", "eve@stranger.example"
BOB, CY = "bob@desk.example", "cy@desk.example"
MORE = f"""
  - {{name: Uma User, email: {UMA}}}
  - {{name: Mia Moss, email: {MIA}}}
  - {{name: Cy Cole, email: {CY}, user: false, analyst: true}}
groups:
"""
WORK = f"""
request_types:
  - name: New laptop
    partition: IT
    steps:
      - {{key: ask, title: Approve the purchase, kind: user_approval, approvers: [{MIA}]}}
      - {{key: order, title: Order it, after: [ask], condition: approved, analyst: {BOB}}}
"""
Sent = tuple[str, str]  # to whom, and what its subject begins with


@dataclass
class Scene:
    """A desk at work. `say` has somebody write; `heard` is what came to them since they were asked last."""

    installed: Installation
    dovecot: Dovecot
    postfix: Postfix
    written: int = 0
    read: dict[str, int] = field(default_factory=dict)
    raw: dict[str, list[bytes]] = field(default_factory=dict)

    def say(
        self, sender: str, subject: str, text: str = "\n", *, proved: bool = True, **more: object
    ) -> dict:
        """Send a mail and wait until the desk has dealt with it; its row of the journal."""
        domain = sender.rpartition("@")[2]
        proof = (
            f"Authentication-Results: mx.desk.example; dmarc=pass header.from={domain}\n" if proved else ""
        )
        self.deliver(mail(sender, subject, text, headers=proof, **more))
        return self.installed.rows("mails")[0]

    def deliver(self, raw: bytes) -> None:
        self.dovecot.deliver(self.installed.mailbox, raw)
        self.written += 1
        self.installed.wait(lambda: self.installed.settled(self.written), f"mail {self.written}")

    def heard(self, address: str) -> list[Mail]:
        """The mails that came to an address since the last time."""
        self.raw[address] = self.postfix.mails(address, wait=self.sent_to(address))
        new = self.raw[address][self.read.get(address, 0) :]
        self.read[address] = len(self.raw[address])
        return [read_mail(raw) for raw in new]

    def sent_to(self, address: str) -> int:
        """How many mails the desk sent to an address."""
        return self.installed.count(
            f"select count(*) from outbound_delivery where state = 'sent' and recipient = '{address}'"
        )

    def one(self, address: str, beginning: str) -> Mail:
        """The one new mail whose subject begins so."""
        new = self.heard(address)
        [found] = [one for one in new if one.subject.startswith(beginning)] or pytest.fail(
            f"{address} got {[one.subject for one in new]}"
        )
        return found

    def state(self, kind: str, number: int) -> str:
        """Where a call, request or task stands."""
        return str(self.installed.query(f"select state from desk_{kind} where id = {number}")[0][0])


@pytest.fixture
def scene(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> Iterator[Scene]:
    user = dovecot.new_user()
    with installation(tmp_path / "installation") as made:
        made.mailbox = user  # type: ignore[attr-defined]
        made.environment |= {"MAILCALL_ANSWERS_AN_HOUR": "100", "MAILCALL_ANSWERS_A_DAY_ON_A_CALL": "100"}
        text = DESK.format(
            imap_port=dovecot.imaps_port,
            user=user,
            ca_file=dovecot.ca_file,
            smtp_port=postfix.smtp_port,
            smtp_ca=postfix.ca_file,
        )
        made.load(text.replace("\ngroups:\n", MORE) + WORK, IMAP_PASSWORD="secret")
        made.start()
        made.wait(lambda: "service started" in made.tail(), "the start")
        yield Scene(made, dovecot, postfix)


def test_a_call_from_its_first_mail_to_its_last_by_subject_lines(scene: Scene) -> None:
    # Logged, by free text and by a command, and acknowledged.
    assert scene.say(UMA, "My laptop is dead", "It no longer starts.\n", proved=False)["outcome"] == "logged"
    assert scene.one(UMA, "[Call 1] My laptop is dead")
    scene.say(UMA, "LOG CALL Mail: The printer jams")
    assert scene.one(UMA, "[Call 2] The printer jams")

    # Updated by its User, by an answer, and by an Analyst as a note that the User never sees.
    scene.say(UMA, "UPDATE CALL 1: the second one, too", proved=False)
    assert "+ Call 1: What you wrote was added." in scene.one(UMA, "Done: UPDATE CALL 1").text
    scene.deliver(reply_to(scene.raw[UMA][0], UMA, "And the dock.\n"))
    scene.say(BOB, "UPDATE CALL 1: she is in a hurry")
    assert scene.one(BOB, "Done: UPDATE CALL 1")
    assert scene.heard(UMA) == []

    # Taken, handed on, asked about.
    scene.say(BOB, "TAKE CALL 1")
    assert scene.one(BOB, "Done: TAKE CALL 1")
    scene.say(BOB, f"FORWARD CALL 1 TO {CY}: you know that model")
    assert scene.one(CY, "[Call 1]")
    scene.say(UMA, "STATUS CALL 1", proved=False)
    status = scene.one(UMA, "Done: STATUS CALL 1").text
    assert "Open, with" in status
    assert "Cy Cole" in status
    assert "hurry" not in status

    # Closed by an Analyst; reopened and closed by its User; what is short of proof does nothing.
    scene.say(CY, "CLOSE CALL 1, 2, 77: new battery")
    told = scene.one(CY, "Partly done: CLOSE CALL 1, 2, 77").text
    assert "+ Call 1: It is closed." in told
    assert "- Call 77: There is no call 77 that you take part in." in told
    assert (scene.state("call", 1), scene.state("call", 2)) == ("closed", "closed")
    scene.heard(UMA)
    scene.say(UMA, "REOPEN CALL 1: it is back", proved=False)
    assert "/confirm/" in scene.one(UMA, "Was it you? REOPEN CALL 1").text
    assert scene.state("call", 1) == "closed"
    scene.say(UMA, "REOPEN CALL 1: it is back")
    assert scene.one(UMA, "Done: REOPEN CALL 1")
    scene.say(UMA, "CLOSE CALL 1: works again")
    assert scene.one(UMA, "Done: CLOSE CALL 1")
    assert scene.state("call", 1) == "closed"

    # Lists, help, near misses, strangers.
    scene.say(UMA, "CALL SUMMARY ALL", proved=False)
    listed = scene.one(UMA, "Answer: CALL SUMMARY ALL").text
    assert "My laptop is dead" in listed
    assert "The printer jams" in listed
    scene.say(BOB, "HELP")
    assert "CLOSE (CALL / TASK / REQUEST) number" in scene.one(BOB, "Answer: HELP").text
    assert scene.say(BOB, "CLOSE COL 2")["outcome"] == "refused"
    assert "CLOSE CALL 2" in scene.one(BOB, "Not done: CLOSE COL 2").text
    assert scene.say(EVE, "CALL SUMMARY")["outcome"] == "refused"
    assert "not on record" in scene.one(EVE, "Not done: CALL SUMMARY").text


def test_a_request_from_its_first_mail_to_its_approval_and_its_end(scene: Scene) -> None:
    # Logged by mail, and its approver is asked.
    assert scene.say(UMA, "LOG REQUEST New laptop: for a new starter")["outcome"] == "commanded"
    assert "was logged" in scene.one(UMA, "Done: LOG REQUEST New laptop").text
    wanted = scene.one(MIA, "[Task 1] Your decision, please")
    assert "for a new starter" in wanted.text
    [reply_address] = [box.address for box in wanted.reply_to]
    assert reply_address.startswith("support+ok.")

    # Updated by its User; the approver asks back, then rejects without a reason, in vain.
    scene.say(UMA, "UPDATE REQUEST 1: in blue", proved=False)
    assert scene.one(UMA, "Done: UPDATE REQUEST 1")
    asking = scene.raw[MIA][0]
    scene.deliver(reply_to(asking, MIA, "Which budget?\n", to=reply_address))
    assert scene.state("task", 1) == "open"
    scene.deliver(reply_to(asking, MIA, "Rejected\n", to=reply_address))
    assert "needs a reason" in scene.one(MIA, "Not done").text
    assert scene.state("task", 1) == "open"

    # Nobody else decides with her token; she does, by the first line of her answer, once.
    scene.deliver(reply_to(asking, UMA, "Approved\n", to=reply_address))
    assert scene.state("task", 1) == "open"
    scene.say(MIA, "SUMMARY APPROVALS", proved=False)
    assert "Approve the purchase" in scene.one(MIA, "Answer: SUMMARY APPROVALS").text
    scene.deliver(reply_to(asking, MIA, "Approved: go on\n", to=reply_address))
    assert "Closed-Approved" in scene.one(MIA, "Done").text
    assert scene.state("task", 1) == "approved"
    scene.deliver(reply_to(asking, MIA, "Rejected: no, wait\n", to=reply_address))
    assert scene.state("task", 1) == "approved"

    # The next task is told to who is to do it, worked and closed by subject line; so the request ends.
    assert scene.one(BOB, "[Task 2]")
    scene.say(BOB, "UPDATE TASK 2: ordered")
    assert scene.one(BOB, "Done: UPDATE TASK 2")
    scene.say(BOB, "LOG TASK ON REQUEST 1: engrave it")
    scene.say(BOB, "TASK SUMMARY")
    scene.say(BOB, "CLOSE TASK 2, 3: delivered")
    assert scene.state("request", 1) == "closed"
    scene.heard(UMA)
    scene.say(UMA, "REQUEST SUMMARY CLOSED", proved=False)
    assert "for a new starter" in scene.one(UMA, "Answer: REQUEST SUMMARY CLOSED").text


def test_a_request_that_is_rejected_by_subject_line_ends_so(scene: Scene) -> None:
    scene.say(UMA, "LOG REQUEST New laptop: for me")
    scene.heard(MIA)
    scene.say(MIA, "REJECT APPROVAL 1: over budget", proved=False)
    assert scene.one(MIA, "Was it you?")
    scene.say(MIA, "REJECT APPROVAL 1: over budget")
    assert scene.one(MIA, "Done: REJECT APPROVAL 1")
    assert (scene.state("task", 1), scene.state("request", 1)) == ("rejected", "rejected")
    assert scene.say(MIA, "APPROVE TASK 1")["outcome"] == "refused"
