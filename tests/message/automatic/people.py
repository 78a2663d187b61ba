"""Mails that people wrote and that come near an automatic reply, a receipt or a report: a hundred and more."""

# ruff: noqa: E501, RUF001 - sentences of many scripts

from collections.abc import Iterator

from .machines import NULL, THREAD, encoded
from .words import WORDS

OUTLOOK = "X-Mailer: Microsoft Outlook 16.0\nThread-Index: AdXx\nThread-Topic: x\n"
THUNDERBIRD = "User-Agent: Mozilla Thunderbird\n"
PHONE = "X-Mailer: iPhone Mail (21F90)\n"
EXCHANGE = (
    "X-MS-Has-Attach:\nX-MS-TNEF-Correlator:\nThread-Topic: x\n"  # written in a browser: no program named
)
SUPPRESSED = "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\n"  # by a gateway, on everybody's mail

# By language: somebody will be away; asks about undelivered mail; asks about the automatic reply.
_ASKED = {
    "en": ("I'll be out of the office next week, please fix it before", "My mail to ann@b.example came back as undeliverable. What now?", "Out of office reply does not work"),
    "de": ("Ich bin ab Montag im Urlaub, bitte vorher reparieren", "Meine Mail an ann@b.example kam als unzustellbar zurück, was nun?", "Abwesenheitsnotiz lässt sich nicht einschalten"),
    "fr": ("Je serai absente la semaine prochaine, merci de réparer avant", "Mon message à ann@b.example n'a pas pu être remis, que faire ?", "La réponse automatique ne marche plus"),
    "es": ("La semana que viene estaré fuera de la oficina, arréglenlo antes", "No se pudo entregar mi correo a ann@b.example, ¿qué hago?", "La respuesta automática no funciona"),
    "it": ("La prossima settimana sono fuori sede, potete ripararla prima?", "Il mio messaggio ad ann@b.example non è stato recapitato, perché?", "La risposta automatica non parte"),
    "pt": ("Para a semana estou de férias, reparem antes, por favor", "O meu e-mail para ann@b.example não foi entregue. E agora?", "A resposta automática não funciona"),
    "nl": ("Volgende week ben ik afwezig, graag eerder repareren", "Mijn mail aan ann@b.example is onbestelbaar, wat nu?", "Automatisch antwoord werkt niet"),
    "sv": ("Jag är på semester nästa vecka, laga den gärna innan", "Mitt mejl till ann@b.example gick inte att leverera", "Automatiskt svar går inte att slå på"),
    "da": ("Jeg holder ferie i næste uge, ordn det gerne inden", "Min mail til ann@b.example blev ikke leveret", "Automatisk svar virker ikke"),
    "fi": ("Olen ensi viikon lomalla, korjatkaa sitä ennen", "Viestiäni osoitteeseen ann@b.example ei voitu toimittaa", "Automaattinen vastaus ei toimi"),
    "pl": ("W przyszłym tygodniu mam urlop, proszę naprawić wcześniej", "Moja wiadomość do ann@b.example nie została dostarczona", "Odpowiedź automatyczna nie działa"),
    "cs": ("Příští týden jsem mimo kancelář, opravte to prosím dříve", "Můj e-mail pro ann@b.example se vrátil jako nedoručitelný", "Automatická odpověď nefunguje"),
    "hu": ("Jövő héten szabadságon leszek, addig kérem javítsák meg", "Az ann@b.example címre küldött levelem visszajött", "Az automatikus válasz nem működik"),
    "ru": ("На следующей неделе меня не будет, почините раньше", "Моё письмо на ann@b.example не доставлено, что делать?", "Автоматический ответ не включается"),
    "el": ("Την επόμενη εβδομάδα λείπω, φτιάξτε το πριν", "Το μήνυμά μου στο ann@b.example δεν παραδόθηκε", "Η αυτόματη απάντηση δεν λειτουργεί"),
    "tr": ("Haftaya ofiste yokum, lütfen önce onarın", "ann@b.example adresine yazdığım ileti geri döndü", "Otomatik yanıt çalışmıyor"),
    "ja": ("来週は不在ですので、その前に直してください", "ann@b.example 宛のメールが戻ってきました。どうすれば？", "自動応答が動きません"),
    "zh": ("下周我不在办公室，请在那之前修好", "我发给 ann@b.example 的邮件被退信了，怎么办？", "自动答复不能用"),
}  # fmt: skip

_BOUNCE_TEXT = (
    "Hello, I keep getting this, can you help?\n\n> This message was created automatically by mail delivery software.\n>\n"
    "> A message that you sent could not be delivered to one or more of its\n> recipients. The following address(es) failed:\n>\n>   ann@b.example\n>     550 5.1.1 unknown user\n"
)
_PASTED = "Your message could not be delivered to ann@b.example: 550 5.1.1 user unknown.\n\nThat is what I get since Monday. Please help."
_QUOTED_AWAY = "She is away, see below. Who does it instead?\n\n> I am out of the office until Monday.\n> This is an automatic reply.\n"

# From, subject, text, further header.
_SINGLE: tuple[tuple[str, str, str, str], ...] = (
    ("Ann <ann@b.example>", "Undelivered Mail Returned to Sender", _BOUNCE_TEXT, THUNDERBIRD),
    ("Ann <ann@b.example>", "Delivery Status Notification (Failure)", _BOUNCE_TEXT, EXCHANGE),
    ("ann@b.example", "Mail delivery failed: returning message to sender", _BOUNCE_TEXT, ""),
    ("ann@b.example", "Undeliverable", _PASTED, ""),
    ("ann@b.example", "Mail delivery failed", _PASTED, THREAD),
    ("Ann <ann@b.example>", "FW: Undeliverable: Printer", _BOUNCE_TEXT, OUTLOOK),
    ("Ann <ann@b.example>", "Re: Undelivered Mail Returned to Sender", "That address is old, use the new one.", THREAD),
    ("Ann <ann@b.example>", "Re: Automatic reply: Printer", _QUOTED_AWAY, THREAD + EXCHANGE),
    ("Ann <ann@b.example>", "AW: Automatische Antwort: Drucker", _QUOTED_AWAY, THREAD + EXCHANGE),
    ("Ann <ann@b.example>", "WG: Automatische Antwort: Drucker", _QUOTED_AWAY, EXCHANGE),
    ("Ann <ann@b.example>", "Fwd: Out of Office AutoReply: Printer", _QUOTED_AWAY, PHONE),
    ("Ann <ann@b.example>", "Automatic reply: how do I change the text?", "I don't find the setting.", OUTLOOK),
    ("Ann <ann@b.example>", "Automatic reply: how do I change the text?", "I don't find the setting.", EXCHANGE),
    ("Ann <ann@b.example>", "Automatic reply: how do I change the text?", "Any news?", OUTLOOK + THREAD),
    ("Ann <ann@b.example>", "Out of office: who covers for me?", "From Monday on.", SUPPRESSED + EXCHANGE),
    ("Ann <ann@b.example>", "Out of Office: new rule", "The new rule is as follows.", THREAD + EXCHANGE),
    ("Ann <ann@b.example>", "Auto: Schaden am Kotflügel", "Der Dienstwagen hat eine Delle.", THREAD),
    ("Ann <ann@b.example>", "Vacation: Q3 planning", "Please block these days.", "List-Id: <team.b.example>\nPrecedence: bulk\n"),
    ("Ann <ann@b.example>", "Absence: form missing", "Where is the form?", EXCHANGE),
    ("Ann <ann@b.example>", "Read: the new manual", "Please read it and tell me.", EXCHANGE),
    ("Ann <ann@b.example>", "Read: the new manual", "I did.", THREAD),
    ("Ann <ann@b.example>", "Gelesen: Handbuch, Frage dazu", "Seite 3 fehlt.", OUTLOOK),
    ("Ann <ann@b.example>", "Lu : le manuel, une question", "La page 3 manque.", PHONE),
    ("Ann <ann@b.example>", "Please send a read receipt", "Do you see this?", "Disposition-Notification-To: ann@b.example\nReturn-Receipt-To: ann@b.example\n"),
    ("Ann <ann@b.example>", "Delivery failed", "The parcel with the toner was not delivered. Where is it?", ""),
    ("Ann <ann@b.example>", "Delivery failure of parcel 4711", "The courier did not find us.", SUPPRESSED),
    ("ann@b.example", "Delivery problem", "The new chairs could not be delivered to: third floor.", ""),
    ("Ann <ann@b.example>", "failure notice on the printer's display", "It says 550.", PHONE),
    ("Ann <ann@b.example>", "Returned mail: parcels pile up at the desk", "Somebody should fetch them.", OUTLOOK),
    ("Ann <ann@b.example>", "Mail System Error", "Outlook shows “Mail System Error 5.1.1” when I start it.", OUTLOOK),
    ("Ann <ann@b.example>", "Mailbox full", "User mailbox exceeds allowed size: what can I delete?", EXCHANGE),
    ("John Mailer <john.mailer@b.example>", "Undeliverable mail", "I get these all day.", OUTLOOK),
    ("Bounce, Mary <mary.bounce@b.example>", "Returned mail", "Ten letters came back.", EXCHANGE),
    ("Daemon Smith <daemon@b.example>", "Mail delivery failed", "Since noon no mail goes out.", PHONE),
    ("Postmaster of b.example <postmaster@b.example>", "Your server rejects our mail", "Hello colleagues,\n\nsince Monday your server answers 550 5.7.1 to ours. Could you look?\n\nAnn", THUNDERBIRD),
    ("postmaster@b.example", "Re: rejected messages", "Hello,\n\nwe unblocked you.\n\nAnn", THREAD),
    ("Postmaster <postmaster@b.example>", "Delivery problems to your domain", "Hello,\n\nmails to ann@b.example hang in our queue since noon.\n\nBob", ""),
    ("Postmaster <postmaster@b.example>", "Undeliverable messages", _BOUNCE_TEXT, THUNDERBIRD),
    ("System Administrator <sysadmin@b.example>", "Mail server restart tonight", "We restart at 22:00.", OUTLOOK),
    ("Mail Administrator <mailadmin@b.example>", "Message size limit", "Can you raise the limit to 50 MB?", EXCHANGE),
    ("Ann <ann@b.example>", "Warning: message could not be sent", "That is what my phone says. What does it mean?", PHONE),
    ("Ann <ann@b.example>", "Auto-Reply einrichten", "Wie geht das?", THREAD),
    ("Ann <ann@b.example>", "AutoReply", "Please switch it on for me.", ""),
    ("Ann <ann@b.example>", "Precedence: auto_reply", "What does this header mean?", "Precedence: normal\n"),
    ("Ann <ann@b.example>", "Printer", "It is broken.", "Auto-Submitted: no\n"),
    ("Ann <ann@b.example>", "Printer", "It is broken.", "X-Autoreply: no\n"),
    ("Ann <ann@b.example>", "Printer", "It is broken.", SUPPRESSED),
    ("Ann <ann@b.example>", "Printer", "It is broken.", "X-Autogenerated: Mirror\nX-Mirrored-by: <bob@b.example>\n"),
    # A rule of somebody's mailbox redirects or forwards what a person wrote.
    ("Ann <ann@b.example>", "Delivery failed for parcel 4711", "Where is it?", f"{NULL}X-MS-Exchange-Inbox-Rules-Loop: bob@b.example\nX-Auto-Response-Suppress: All\n"),
    ("Ann <ann@b.example>", "Automatic reply: please switch mine on", "I am away from Monday.", f"{NULL}X-MS-Exchange-Inbox-Rules-Loop: bob@b.example\n"),
    ("Bob <bob@b.example>", "FW: Printer", "From: Ann\n\nIt is broken.", "X-MS-Exchange-Inbox-Rules-Loop: bob@b.example\nX-Auto-Response-Suppress: All\n"),
    ("Bob <bob@b.example>", "WG: Drucker", "Von: Ann\n\nEr ist kaputt.", "X-MS-Exchange-Inbox-Rules-Loop: bob@b.example\nX-Auto-Response-Suppress: All\n"),
)  # fmt: skip

_DSN = (
    "Content-Type: multipart/report; report-type=delivery-status; boundary=i\n\n--i\n\nSorry.\n--i\nContent-Type: message/delivery-status\n\n"
    "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; ann@b.example\nAction: failed\nStatus: 5.1.1\n--i--\n"
)
_ATTACHED = (
    ("FW: Undeliverable: Printer", "message/rfc822", f"From: MAILER-DAEMON@mx\nSubject: Undelivered\n{_DSN}", OUTLOOK),
    ("Undelivered Mail Returned to Sender", "message/rfc822", f"From: MAILER-DAEMON@mx\nSubject: Undelivered\n{_DSN}", EXCHANGE),
    ("Fwd: failure notice", "message/delivery-status", "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; ann@b.example\nAction: failed\n", THUNDERBIRD),
    ("Details of the bounce", "message/delivery-status", "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; ann@b.example\nAction: failed\n", EXCHANGE),
    ("Their receipt", "message/disposition-notification", "Final-Recipient: rfc822; ann@b.example\nDisposition: x; displayed\n", THUNDERBIRD),
    ("Complaint that we got", "message/feedback-report", "Feedback-Type: abuse\n", EXCHANGE),
    ("Returned headers", "text/rfc822-headers", "Message-ID: <1@b.example>\n", PHONE),
    ("Her out-of-office note", "message/rfc822", "From: ann@b.example\nSubject: Automatic reply: x\nAuto-Submitted: auto-replied\n\nAway.\n", OUTLOOK),
)  # fmt: skip


def near_misses() -> Iterator[tuple[str, bytes]]:
    """Give every mail of the set with its name."""
    for language, (away, undelivered, question) in _ASKED.items():
        words = WORDS[language]
        yield f"will be away, {language}", _mail(words.person, away, away, THUNDERBIRD)
        yield f"asks about a bounce, {language}", _mail(words.person, undelivered, undelivered, EXCHANGE)
        yield f"asks about automatic replies, {language}", _mail(words.person, question, question, SUPPRESSED)
        yield (
            f"answers an automatic reply, {language}",
            _mail(words.person, f"RE: {words.reply}{words.topic}", words.text, THREAD),
        )
        yield (
            f"heads a subject so, {language}",
            _mail(words.person, f"{words.away}{words.topic}", away, OUTLOOK),
        )
    for sender, subject, text, header in _SINGLE:
        yield f"{subject} ({sender}) {header[-30:]!r}", _from(sender, subject, text, header)
    for subject, content_type, content, header in _ATTACHED:
        yield f"{subject}, {content_type}", _with(subject, content_type, content, header)


def _mail(person: str, subject: str, text: str, header: str) -> bytes:
    return _from(f"{encoded(person, 'utf-8')} <person@b.example>", subject, text, header)


def _from(sender: str, subject: str, text: str, header: str) -> bytes:
    title = encoded(subject, "us-ascii")
    head = f"{header}From: {sender}\nTo: desk@desk.example\nSubject: {title}\nMessage-ID: <p1@b.example>\nMIME-Version: 1.0\n"
    return (
        f"{head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n".encode()
    )


def _with(subject: str, content_type: str, content: str, header: str) -> bytes:
    return (
        f"{header}From: Ann <ann@b.example>\nTo: desk@desk.example\nSubject: {subject}\nMIME-Version: 1.0\n"
        f"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/plain\n\nWhat is this?\n"
        f"--o\nContent-Type: {content_type}\n\n{content}\n--o--\n"
    ).encode()
