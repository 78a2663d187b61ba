"""Small reports in the form of each mail system, written for these tests, and what they say.

A sample is the sender, the subject, the text, and whom it names: address, action, status, permanent.
"""

# ruff: noqa: E501, RUF001 - the lines of the systems

from dataclasses import dataclass

Named = tuple[str, str, str, bool]


@dataclass(frozen=True)
class Sample:
    """One report in words; `header` are further fields."""

    sender: str
    subject: str
    text: str
    named: tuple[Named, ...]
    header: str = ""

    def mail(self) -> bytes:
        """Give the report as a mail."""
        head = f"{self.header}From: {self.sender}\nTo: desk@desk.example\nSubject: {self.subject}\nMIME-Version: 1.0\n"
        return f"{head}Content-Type: text/plain; charset=utf-8\n\n{self.text}".encode()


DAEMON = "Mail Delivery Subsystem <mailer-daemon@mx.example>"
NULL = "Return-Path: <>\n"
ORIGINAL = "Message-ID: <mc.7@desk.example>\nFrom: desk@desk.example\nTo: someone@elsewhere.example\n"


def _gone(address: str = "ana@b.example", status: str = "5.1.1") -> tuple[Named, ...]:
    return ((address, "failed", status, True),)


def _late(address: str = "ana@b.example", status: str = "") -> tuple[Named, ...]:
    return ((address, "delayed", status, False),)


SAMPLES = {
    "activehunter": Sample(
        DAEMON,
        "Undelivered mail",
        "  ----- The following addresses had permanent fatal errors -----\n\n>>> ana@b.example <ana@b.example>\n\n"
        "  ----- Transcript of session follows -----\n550 no mailbox here by that name (#5.1.1 - chkusr)\n",
        _gone(),
    ),
    "amazon ses": Sample(
        "MAILER-DAEMON@amazonses.example",
        "Delivery Status Notification (Failure)",
        "The following message to <ana@b.example> was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 550-'5.1.1 no such user'\n",
        _gone(status="5.1.0"),
    ),
    "aol": Sample(
        '"Mail Delivery Subsystem" <MAILER-DAEMON@aol.example>',
        "Mail Delivery Problem",
        "Your mail to the following recipients could not be delivered because they are not accepting mail from desk@desk.example:\n\tana77\n",
        _gone("ana77@aol.example", ""),
    ),
    "apache james": Sample(
        "postmaster@james.example",
        "[BOUNCE]",
        "Hi. This is the James mail server at james.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\nana@b.example\n\nError message below:\n550 - Requested action not taken: no such user here\n",
        _gone(status=""),
        NULL,
    ),
    "biglobe": Sample(
        "postmaster@biglobe.example",
        "Returned mail: User unknown",
        "   ----- The following addresses had delivery problems -----\nana@b.example\n\n   ----- Non-delivered information -----\nMail Delivery Failed... User unknown\n",
        _gone(status=""),
    ),
    "courier": Sample(
        '"Courier mail server at mx" <@mx.example>',
        "NOTICE: mail delivery status.",
        "This is a delivery status notification from mx.example.\n\nUNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n"
        "<ana@b.example>:\n    mx.b.example [192.0.2.9]:\n>>> RCPT TO:<ana@b.example>\n<<< 550 5.1.1 <ana@b.example>... User unknown\n",
        _gone(),
        NULL,
    ),
    "domino": Sample(
        "Administrator <postmaster@domino.example>",
        "DELIVERY FAILURE: User Ana not listed in Directory",
        "Your message\n\n  Subject: Printer\n\nwas not delivered to:\n\n  ana@b.example\n\nbecause:\n\n  User Ana (ana@b.example) not listed in Domino Directory\n",
        _gone(status=""),
        NULL,
    ),
    "dragonfly": Sample(
        "<MAILER-DAEMON>",
        "Mail delivery failed",
        "This is the DragonFly Mail Agent at mx.example.\n\nThere was an error delivering your mail to <ana@b.example>.\n\nmx.b.example did not like our RCPT TO:\n550 5.1.1 no such user\n\nMessage headers follow.\n\n"
        + ORIGINAL,
        _gone(),
    ),
    "1&1": Sample(
        "Mail Delivery System <mailer-daemon@kundenserver.example>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. The following addresses failed:\n\n"
        "<ana@b.example>\n\nSMTP error from remote server after RCPT command:\nhost mx.b.example[192.0.2.9]:\n550 5.1.1 unknown\n\n--- The header of the original message is following. ---\n"
        + ORIGINAL,
        _gone(),
    ),
    "exchange 2003": Sample(
        "System Administrator <postmaster@ex.example>",
        "Undeliverable: Printer",
        "Your message\n\n  To:      ana@b.example; bob@b.example\n  Subject: Printer\n  Sent:    Mon, 1 Apr 2024 10:00:00 +0200\n\ndid not reach the following recipient(s):\n\n"
        "ana@b.example on Mon, 1 Apr 2024 10:00:02 +0200\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=us;a= ;p=ex\n    MSEXCH:IMS:EX 0 (000C05A6) Unknown Recipient\n",
        _gone(status=""),
        "X-MS-Embedded-Report: \n",
    ),
    "exchange 5.5, X.400": Sample(
        "System Administrator <postmaster@ex.example>",
        "Undeliverable: Printer",
        "Your message\n\n  To:      list@b.example\n\ndid not reach the following recipient(s):\n\nc=US;a= ;p=EX;o=Site;dda:SMTP=ana@b.example; on Mon, 1 Apr 2024\n    The recipient name is not recognized\n",
        _gone(status=""),
        "X-MS-Embedded-Report: \n",
    ),
    "exchange 2007": Sample(
        "Microsoft Exchange <postmaster@ex.example>",
        "Undeliverable: Printer",
        "Delivery has failed to these recipients or distribution lists:\n\nana@b.example\nThe e-mail address you entered couldn't be found.\n\n"
        "Diagnostic information for administrators:\n\nGenerating server: ex.example\n\nana@b.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\nOriginal message headers:\n\n"
        + ORIGINAL,
        _gone(),
        NULL,
    ),
    "office 365, german": Sample(
        "Microsoft Outlook <postmaster@ex.example>",
        "Unzustellbar: Drucker",
        "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\nana@b.example\nDie E-Mail-Adresse wurde nicht gefunden.\n\nana@b.example\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'\n",
        _gone(status="5.1.10"),
        NULL,
    ),
    "exim": Sample(
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
        "  ana@b.example\n    SMTP error from remote mail server after RCPT TO:<ana@b.example>:\n    host mx.b.example [192.0.2.9]: 550 5.1.1 <ana@b.example>... User unknown\n"
        "  bob@c.example\n    mailbox is full: retry timeout exceeded 452 4.2.2\n\n------ This is a copy of the message, including all the headers. ------\n\n"
        + ORIGINAL,
        (("ana@b.example", "failed", "5.1.1", True), ("bob@c.example", "failed", "4.2.2", False)),
        "X-Failed-Recipients: ana@b.example,\n bob@c.example\n",
    ),
    "exim, delay": Sample(
        "Mail Delivery System <Mailer-Daemon@mx.example>",
        "Warning: message 1abcde-000123-AB delayed 24 hours",
        "This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.example.\n\n"
        "The message identifier is:     1abcde-000123-AB\nThe subject of the message is: Printer\n\nThe address to which the message has not yet been delivered is:\n\n  ana@b.example\n\n"
        "No action is required on your part. Delivery attempts will continue for\nsome time, and this warning may be repeated at intervals.\n",
        _late(),
    ),
    "au (ezweb)": Sample(
        "Postmaster@ezweb.example",
        "Mail System Error - Returned Mail",
        "Each of the following recipients was rejected by a remote\nmail server.\n\n    Recipient: <ana@b.example>\n    >>> RCPT TO:<ana@b.example>\n    <<< 550 <ana@b.example>: User unknown\n",
        _gone(status=""),
        NULL,
    ),
    "fml": Sample(
        "list-admin@ml.example",
        "NOT MEMBER article from desk@desk.example",
        "You are not a member of this mailing list <list@ml.example>.\n\nOriginal mail as follows:\n"
        + ORIGINAL,
        _gone("list@ml.example", ""),
        "X-MLServer: fml [fml 4.0]\n",
    ),
    "gmail": Sample(
        DAEMON,
        "Delivery Status Notification (Failure)",
        "Delivery to the following recipient failed permanently:\n\n     ana@b.example\n\nTechnical details of permanent failure: \nGoogle tried to deliver your message, but it was rejected. The error that the other server returned was: 550 550 5.1.1 unknown.\n\n----- Original message -----\n"
        + ORIGINAL,
        _gone(),
    ),
    "gmail, delay": Sample(
        DAEMON,
        "Delivery Status Notification (Delay)",
        "This is an automatically generated Delivery Status Notification\n\nTHIS IS A WARNING MESSAGE ONLY.\n\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nDelivery to the following recipient has been delayed:\n\n     ana@b.example\n\nMessage will be retried for 2 more day(s)\n",
        _late(),
    ),
    "gmx": Sample(
        "MAILER-DAEMON@gmx.example",
        "Mail delivery failed: returning message to sender",
        'This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n"ana@b.example":\n'
        'SMTP error from remote server after RCPT command:\nhost: mx.b.example\n5.1.1 <ana@b.example>... unknown\n"bob@b.example":\nSMTP error\n5.2.2 <bob@b.example>... Mailbox full\n\n--- The header of the original message is following. ---\n'
        + ORIGINAL,
        (("ana@b.example", "failed", "5.1.1", True), ("bob@b.example", "failed", "5.2.2", True)),
    ),
    "google groups": Sample(
        DAEMON,
        "Delivery Status Notification (Failure)",
        "Hello desk@desk.example,\n\nWe're writing to let you know that the group you tried to contact (team) may not exist, or you may not have permission to post messages to the group.\n",
        _gone("team@groups.example", ""),
        "X-Failed-Recipients: team@groups.example\n",
    ),
    "imail": Sample(
        '"Postmaster" <postmaster@imail.example>',
        "Undeliverable Mail",
        "Unknown user: ana@b.example\nUnknown user: bob@b.example\n\nOriginal message follows.\n\n"
        + ORIGINAL,
        (("ana@b.example", "failed", "", True), ("bob@b.example", "failed", "", True)),
        "X-Mailer: <SMTP32 v8.22>\n",
    ),
    "imail, attempts": Sample(
        '"Postmaster" <postmaster@imail.example>',
        "Undeliverable Mail",
        "Delivery failed 20 attempts: ana@b.example\n\nOriginal message follows.\n",
        _gone(status=""),
        "X-Mailer: <SMTP32 v8.22>\n",
    ),
    "interscan": Sample(
        '"InterScan MSS" <postmaster@scan.example>',
        "Mail could not be delivered",
        "Sent <<< RCPT TO:<ana@b.example>\nReceived >>> 550 5.1.1 <ana@b.example>... user unknown\n\nCould not deliver mail to this user.\n<ana@b.example>\n***************** End of message ***************\n",
        _gone(),
        NULL,
    ),
    "kddi": Sample(
        "no-reply@app.dion.example",
        "Mail System Error - Returned Mail",
        "Your mail sent on: Thu, 29 Apr 2010 11:04:47 +0900\n    Could not be delivered to: <ana@b.example>\n    As their mailbox is full.\n",
        _gone(status=""),
    ),
    "mailfoundry": Sample(
        "MAILER-DAEMON@mf.example",
        "Message delivery has failed",
        "Unable to deliver message to: <ana@b.example>\nDelivery failed for the following reason:\nServer mx.b.example[192.0.2.9] failed with: 550 <ana@b.example> No such user here\n\nThis has been a permanent failure.  No further delivery attempts will be made.\n",
        _gone(status=""),
    ),
    "mailmarshal": Sample(
        "<Postmaster@mm.example>",
        'Undeliverable Mail: "Printer"',
        "Your message:\n   From:    desk@desk.example\n   Subject: Printer\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected: \n    ana@b.example\n",
        _gone(),
        NULL,
    ),
    "mail.ru": Sample(
        "<mailer-daemon@mail.ru>",
        "Mail failure.",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ana@b.example\n    user not found\n",
        _gone(status=""),
    ),
    "mcafee": Sample(
        "MAILER-DAEMON@mc.example",
        "Undeliverable",
        "--- The following addresses had delivery problems ---\n\n<ana@b.example>   (User unknown ana@b.example)\n",
        _gone(status=""),
    ),
    "messaging server": Sample(
        "Internet Mail Delivery <postmaster@sun.example>",
        "Delivery Notification: Delivery has failed",
        "This report relates to a message you sent with the following header fields:\n\n  Message-id: <mc.7@desk.example>\n  From: desk@desk.example\n  To: list@b.example\n  Subject: Printer\n\n"
        "Your message cannot be delivered to the following recipients:\n\n  Recipient address: ana@b.example\n  Reason: Remote SMTP server has rejected address\n  Diagnostic code: smtp;550 5.1.1 <ana@b.example>... User Unknown\n",
        _gone(),
        NULL,
    ),
    "m-filter": Sample(
        "mail-error@mf.example",
        "failure notice",
        "以下のメールアドレスへの送信に失敗しました。\nana@b.example\n\n-------server message\n550 5.1.1 unknown user <ana@b.example>\n\n-------SMTP command\nDATA\n\n-------original message\n"
        + ORIGINAL,
        _gone(),
        "X-Mailer: m-FILTER\n",
    ),
    "mimecast": Sample(
        '"Mail Delivery System" <mailer-daemon@mime.example>',
        "[Postmaster] Email Delivery Failure",
        "This is a delivery failure notification message indicating that\nan email desk@desk.example addressed to email address :\n-- ana@b.example\n\nWith subject Printer could not be delivered. The problem appears to be :\n-- Recipient email address is incorrect\n\nAdditional information follows :\n-- 5.1.1 unknown user\n",
        _gone(),
    ),
    "mxlogic": Sample(
        "Mail Delivery System <mxl@mx.example>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address failed:\n\n  <ana@b.example>:  550 5.1.1 unknown\n\nIncluded is a copy of the message header:\n"
        + ORIGINAL,
        _gone(),
    ),
    "notes": Sample(
        "postmaster@notes.example",
        "Undeliverable message",
        "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\nana@b.example\n\n------- Returned Message --------\n"
        + ORIGINAL,
        _gone(status=""),
        NULL,
    ),
    "opensmtpd": Sample(
        "Mailer Daemon <MAILER-DAEMON@smtpd.example>",
        "Delivery status notification: error",
        "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nana@b.example: 550 5.2.2 <ana@b.example>... Mailbox Full\n\n    Below is a copy of the original message:\n\n"
        + ORIGINAL,
        _gone(status="5.2.2"),
    ),
    "opensmtpd, delay": Sample(
        "Mailer Daemon <MAILER-DAEMON@smtpd.example>",
        "Delivery status notification: warning",
        "    Hi!\n\n    A message is delayed for more than 4 hours for the following\n    list of recipients:\n\nana@b.example: Connection failed\n",
        _late(),
    ),
    "postfix, text": Sample(
        "MAILER-DAEMON@pf.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host pf.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n                   The mail system\n\n<ana@b.example>: host mx.b.example[192.0.2.9] said: 550 5.1.1\n    <ana@b.example>: Recipient address rejected: User unknown (in reply to\n    RCPT TO command)\n",
        _gone(),
    ),
    "powermta": Sample(
        "mailer-daemon@pmta.example",
        "Delivery report",
        "Hello, this is the mail server on pmta.example.\n\nI am sending you this message to inform you on the delivery status of a\nmessage you previously sent.  Immediately below you will find a list of\nthe affected recipients;  also attached is a Delivery Status Notification\n(DSN) report in standard format.\n\n  <ana@b.example>\n    delivery failed; will not continue trying\n    5.1.1 unknown\n",
        _gone(),
    ),
    "qmail": Sample(
        "MAILER-DAEMON@q.example",
        "failure notice",
        "Hi. This is the qmail-send program at q.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ana@b.example>:\n192.0.2.9 does not like recipient.\nRemote host said: 550 5.1.1 unknown\nGiving up on 192.0.2.9.\n\n"
        "<bob@c.example>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to try again; this message has been in the queue too long.\n\n--- Below this line is a copy of the message.\n\n"
        + ORIGINAL,
        (("ana@b.example", "failed", "5.1.1", True), ("bob@c.example", "failed", "4.4.1", False)),
    ),
    "sendmail": Sample(
        DAEMON,
        "Returned mail: see transcript for details",
        "The original message was received at Mon, 1 Apr 2024 10:00:00 +0200\nfrom desk.example [192.0.2.1]\n\n   ----- The following addresses had permanent fatal errors -----\n<ana@b.example>\n    (reason: 550 5.1.1 <ana@b.example>... User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mx.b.example.:\n>>> DATA\n<<< 550 5.1.1 <ana@b.example>... User unknown\n",
        _gone(),
    ),
    "sendmail, delay": Sample(
        DAEMON,
        "Warning: could not send message for past 4 hours",
        "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\nThe original message was received at Mon, 1 Apr 2024 10:00:00 +0200\n\n   ----- The following addresses had transient non-fatal errors -----\n<ana@b.example>\n\n   ----- Transcript of session follows -----\n<ana@b.example>... Deferred: Connection timed out\nWarning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old\n",
        _late(),
    ),
    "surfcontrol": Sample(
        "SurfControl <postmaster@surf.example>",
        "Message delivery error",
        "Your message could not be sent.\nA transcript of the attempts to send the message follows.\nThe number of attempts made: 1\nAddressed To: ana@b.example\n\nFailed to send to identified host,\nana@b.example: [192.0.2.9], 550 ana@b.example... No such user\n",
        _gone(status=""),
    ),
    "t-online (smail)": Sample(
        "Mail Delivery System <Mailer-Daemon@t.example>",
        "mail failed, returning to sender",
        "|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <ana@b.example>\n   552 5.2.2 <ana@b.example> Quota exceeded\n\n|------------------------- Message header follows: ----------------------|\n"
        + ORIGINAL,
        _gone(status="5.2.2"),
    ),
    "v5 sendmail": Sample(
        DAEMON,
        "Returned mail: User unknown",
        "   ----- Transcript of session follows -----\nWhile talking to mx.b.example:\n>>> RCPT To:<ana@b.example>\n<<< 550 <ana@b.example>... User unknown\n550 <ana@b.example>... User unknown\n\n   ----- Recipients of this delivery -----\nana@b.example\n\n   ----- Unsent message follows -----\n"
        + ORIGINAL,
        _gone(status=""),
    ),
    "verizon": Sample(
        "post_master@vtext.example",
        "Re: Printer",
        "Error: Invalid user address\n\nError message below:\n550 - Requested action not taken: no such user here\n\nMessage details:\n  Subject: Printer\n  MAIL FROM: desk@desk.example\n  RCPT TO: ana@b.example\n",
        _gone(status=""),
    ),
    "x1": Sample(
        '"Mail Deliver System" <postmaster@x1.example>',
        "Returned Mail: User Unknown",
        "The original message was received at Thu, 29 Apr 2010 23:34:45 +0900\nfrom desk@desk.example\n\n---The following addresses had delivery errors---\n\nana@b.example [User unknown]\n\n---The original message follows---\n",
        _gone(status=""),
        NULL,
    ),
    "x2": Sample(
        "MAILER-DAEMON@x2.example",
        "Delivery failure",
        "Unable to deliver message to the following address(es).\n\n<ana@b.example>:\nThis user doesn't have a b.example account (ana@b.example) [0]\n\n--- Original message follows.\n"
        + ORIGINAL,
        _gone(status=""),
    ),
    "x3": Sample(
        "Mail Delivery System <postmaster@x3.example>",
        "Delivery status notification",
        "This is an automatically generated message.\n\nUnable to deliver message to:\n  * ana@b.example\n\n      SMTP server replied with: 550 5.1.1 unknown\n",
        _gone(),
    ),
    "x6": Sample(
        "MAILER-DAEMON@x6.example",
        "There was an error sending your mail",
        "We had trouble delivering your message. Full details follow:\n\nSubject: 'Printer'\n\n1 error(s):\n\nSMTP Server <mx.b.example> rejected recipient <ana@b.example>\n  (Error following RCPT command). It responded as follows: [550 5.1.1 unknown]\n",
        _gone(),
    ),
    "yahoo": Sample(
        "MAILER-DAEMON@yahoo.example",
        "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n<ana@b.example>:\nRemote host said: 550 5.1.1 <ana@b.example>... unknown [RCPT_TO]\n\n--- Below this line is a copy of the message.\n"
        + ORIGINAL,
        _gone(),
    ),
    "zoho": Sample(
        "mailer-daemon@zoho.example",
        "Undelivered Mail Returned to Sender",
        "This message was created automatically by mail delivery software.\nA message that you sent could not be delivered to one or more of its recipients. This is a permanent error. \n\nana@b.example Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <ana@b.example>... unknown\n\n\nReceived:from mail.zoho.example\nMessage-ID:<mc.7@desk.example>\n",
        _gone(),
    ),
    "groupwise": Sample(
        "Postmaster@gw.example",
        "Message status - undeliverable",
        "The message that you sent was undeliverable to the following:\n\tana@b.example (user not found)\n\nPossibly truncated original message follows:\n\n",
        _gone(status=""),
        NULL,
    ),
    "mdaemon": Sample(
        "MDaemon@md.example",
        "Permanent Delivery Failure",
        "The attached message had PERMANENT fatal delivery errors!\n\nThe following addresses did NOT receive a copy of your message:\n\n> ana@b.example\n\n--- Session Transcript ---\n 550 5.1.1 no such user\n",
        _gone(),
    ),
    "dovecot, quota": Sample(
        "Mail Delivery Subsystem <postmaster@dv.example>",
        "Automatically rejected mail",
        "Your message to <ana@b.example> was automatically rejected:\nQuota exceeded\n",
        _gone(status=""),
    ),
    "mailenable": Sample(
        "postmaster@me.example",
        "Message Delivery Failure",
        "MailEnable: Message Delivery Failure.\n\nThe following recipient(s) could not be reached:\n\nRecipient: [SMTP:ana@b.example]\nReason: The message could not be delivered because the domain name does not appear to be registered.\n\nMessage headers follow:\n"
        + ORIGINAL,
        _gone(status=""),
        NULL,
    ),
    "qq": Sample(
        "postmaster@qq.example",
        "系统退信/Systems bounce",
        "抱歉，您的邮件被退回来了……\n收件人邮件地址：\nana@b.example\n退信原因：\n收件人邮件地址不存在。 550 5.1.1\n",
        _gone(),
        NULL,
    ),
}
