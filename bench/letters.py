"""Mails as Outlook, Gmail and Apple Mail write them: a seeded set, for measuring only."""

import base64
import random

_SOME_TEXT = """
the printer on second floor does not answer since this morning please have a look at it when you can
we tried to restart twice but nothing changed my laptop shows a blue screen after login and the network
drive is gone could somebody call me back number is below thank you for your help best regards meeting
invoice update license password account access mailbox server project budget tomorrow urgent
"""
WORDS = tuple(_SOME_TEXT.split())
NAMES = (
    "Ann Lee",
    "Bob Moss",
    "Carla Núñez",
    "Dmitri Orlov",
    "Eva Schäfer",
    "Femi Ade",
    "Grace Kim",
    "Hugo Blanc",
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Letters:
    """Writes mails: 35 % with HTML, 10 % with a file of 20 KB, 22 % answers, about 5.5 KB in the middle."""

    def __init__(self, seed: int = 5) -> None:
        self.random = random.Random(seed)

    def many(self, count: int) -> list[bytes]:
        """Give that many mails."""
        return [self.one(number) for number in range(count)]

    def one(self, number: int) -> bytes:
        """Give one mail."""
        program = self.random.choice(("outlook", "gmail", "apple"))
        answer = self.random.random() < 0.22
        attached = self.random.random() < 0.10
        html = self.random.random() < 0.35
        name = self.random.choice(NAMES)
        text = self.paragraphs(self.random.randint(6, 20))
        if answer:
            text += "\n\n" + self.quotation(program)
        body = self.alternative(program, text, answer) if html else self.plain(text)
        if attached:
            body = self.mixed(body)
        return self.head(number, program, name, answer) + body

    def paragraphs(self, count: int) -> str:
        """Give paragraphs of plain words."""
        return "\n\n".join(
            " ".join(self.random.choices(WORDS, k=self.random.randint(8, 45))).capitalize() + "."
            for _ in range(count)
        )

    def quotation(self, program: str) -> str:
        """Give what a program writes above and before what it quotes."""
        old = self.paragraphs(self.random.randint(2, 9))
        name = self.random.choice(NAMES)
        if program == "outlook":
            return (
                f"________________________________\nFrom: {name} <{self.address(name)}>\n"
                f"Sent: Tuesday, November 3, 2026 9:14 AM\nTo: Service Desk <desk@corp.example>\n"
                f"Subject: Printer\n\n{old}"
            )
        marked = "\n".join("> " + line for line in old.split("\n"))
        if program == "gmail":
            return f"On Tue, Nov 3, 2026 at 9:14 AM {name} <{self.address(name)}> wrote:\n\n{marked}"
        return f"> On 3. Nov 2026, at 09:14, {name} <{self.address(name)}> wrote:\n> \n{marked}"

    def address(self, name: str) -> str:
        """Give the address of a person."""
        return name.encode("ascii", "ignore").decode().lower().replace(" ", ".") + "@corp.example"

    def token(self, length: int = 24) -> str:
        """Give letters as they stand in ids and boundaries."""
        return "".join(self.random.choices(LETTERS, k=length))

    def head(self, number: int, program: str, name: str, answer: bool) -> bytes:
        """Give the header without the fields of the body."""
        hops = "".join(
            f"Received: from mx{hop}.corp.example (mx{hop}.corp.example [192.0.2.{hop + 1}])\r\n"
            f"\tby in{hop}.desk.example (Postfix) with ESMTPS id {self.token(11)}\r\n"
            f"\tfor <desk@corp.example>; Tue, 3 Nov 2026 09:2{hop}:11 +0100 (CET)\r\n"
            for hop in range(self.random.randint(2, 5))
        )
        signature = "\r\n\t".join(self.token(64) for _ in range(5))
        shown = name if name.isascii() else f"=?utf-8?q?{''.join(f'={byte:02X}' for byte in name.encode())}?="
        subject = "Re: Printer again" if answer else f"Printer {number} does not print"
        if self.random.random() < 0.2:
            subject = "=?UTF-8?B?" + base64.b64encode((subject + " im Büro").encode()).decode() + "?="
        thread = (
            f"In-Reply-To: <{self.token()}@desk.example>\r\nReferences: <{self.token()}@desk.example>\r\n"
        )
        fields = {
            "outlook": "X-MS-Exchange-Organization-AuthAs: Internal\r\nX-MS-Has-Attach:\r\n"
            f"X-MS-TNEF-Correlator:\r\nThread-Topic: Printer\r\nThread-Index: {self.token(30)}==\r\n"
            "Accept-Language: de-DE, en-US\r\n"
            f"X-MS-Exchange-AntiSpam-MessageData: {self.token(600)}\r\nContent-Language: en-US\r\n",
            "gmail": f"X-Google-DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
            f"        b={self.token(300)}\r\n"
            f"X-Gm-Message-State: {self.token(120)}\r\nX-Google-Smtp-Source: {self.token(90)}\r\n",
            "apple": "X-Mailer: Apple Mail (2.3826.200)\r\n",
        }[program]
        return (
            f"Return-Path: <{self.address(name)}>\r\n{hops}"
            "Authentication-Results: in0.desk.example; dkim=pass header.d=corp.example;\r\n"
            "\tspf=pass smtp.mailfrom=corp.example; dmarc=pass header.from=corp.example\r\n"
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=corp.example; s=s1;\r\n"
            f"\th=from:to:subject:date:message-id; bh={self.token(43)}=;\r\n\tb={signature}\r\n"
            f"From: {shown} <{self.address(name)}>\r\nTo: Service Desk <desk@corp.example>\r\n"
            f"Subject: {subject}\r\nDate: Tue, 3 Nov 2026 09:14:{number % 60:02} +0100\r\n"
            f"Message-ID: <{self.token()}@corp.example>\r\n{thread if answer else ''}{fields}"
            "MIME-Version: 1.0\r\n"
        ).encode()

    def plain(self, text: str) -> bytes:
        """Give a text part with its fields."""
        return (
            b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
            + (text.replace("\n", "\r\n") + "\r\n").encode()
        )

    def alternative(self, program: str, text: str, answer: bool) -> bytes:
        """Give text and HTML."""
        boundary = {"outlook": "_000_" + self.token(40) + "_", "gmail": "000000000000" + self.token(16)}.get(
            program, "Apple-Mail=_" + self.token(32)
        )
        lines = "".join(
            f'<p class="MsoNormal"><span style="font-size:11.0pt">{line}<o:p></o:p></span></p>\r\n'
            if program == "outlook"
            else f'<div dir="ltr" class="">{line}</div>\r\n'
            for line in text.split("\n")
        )
        style = "<style><!--\r\n@font-face {font-family:Calibri;}\r\np.MsoNormal {margin:0cm;}\r\n--></style>"
        quote = '<blockquote type="cite">old</blockquote>' if answer else ""
        markup = (
            f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">{style}</head>'
            f'<body lang="DE">{lines}{quote}</body></html>'
        )
        return (
            f'Content-Type: multipart/alternative;\r\n\tboundary="{boundary}"\r\n\r\n'
            f"--{boundary}\r\n".encode()
            + self.plain(text)
            + f"--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".encode()
            + f"{markup}\r\n--{boundary}--\r\n".encode()
        )

    def mixed(self, body: bytes) -> bytes:
        """Give a body with a file of 20 KB."""
        boundary = self.token(30).encode()
        content = base64.encodebytes(b"%PDF-1.7\n" + self.random.randbytes(20_000)).replace(b"\n", b"\r\n")
        return (
            b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n" % (boundary, boundary, body)
            + b'--%s\r\nContent-Type: application/pdf; name="scan.pdf"\r\n' % boundary
            + b"Content-Transfer-Encoding: base64\r\n"
            + b'Content-Disposition: attachment; filename="scan.pdf"\r\n\r\n%s--%s--\r\n'
            % (content, boundary)
        )
