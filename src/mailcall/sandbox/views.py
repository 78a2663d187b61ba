"""What everybody's mailbox holds, and a form to write from one: the demo's customers, seen in a browser."""

import base64
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from mailcall.config import config
from mailcall.inbound.models import IncomingAccount
from mailcall.message import Attachment, Mail, read_mail
from mailcall.sandbox import letters, maildirs, state
from mailcall.sandbox.forms import LetterForm, ReplyForm
from mailcall.web import safety

SHOWN = 100
HEAD = 64 * 1024
INLINE_BYTES = 4 * 1024 * 1024


def _mail_dir() -> Path:
    return state.mail_dir(config().data_dir)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All mailboxes and the form."""
    return render(request, "sandbox/mailboxes.html", _mailboxes_context(LetterForm()))


def _mailboxes_context(form: LetterForm) -> dict[str, Any]:
    boxes = maildirs.mailboxes(_mail_dir())
    return {"boxes": boxes, "collected": _collected(), "form": form}


def _collected() -> frozenset[str]:
    paths = IncomingAccount.objects.filter(active=True, protocol="maildir").values_list("path", flat=True)
    return frozenset(Path(path).name for path in paths if Path(path).parent == _mail_dir())


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Send what the form says, through the sandbox's SMTP server as any mail program would."""
    form = LetterForm(request.POST)
    if form.is_valid() and _sent(request, form, form.letter()):
        return redirect("sandbox:mailboxes")
    return render(request, "sandbox/mailboxes.html", _mailboxes_context(form), status=422)


def _sent(request: HttpRequest, form: Form, letter: letters.Letter) -> bool:
    try:
        running = state.read(config().data_dir)
        sender = letters.parse_address(letter.sender).addr_spec
        mail = letters.write(letter).as_bytes()
        to = letters.recipients(letter)
        letters.send(mail, sender, to, host=running.smtp_host, port=running.smtp_port)
    except (state.NotRunningError, letters.LetterError) as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, f"Sent from {sender} to {', '.join(to)}.")
    return True


@require_safe
def mailbox(request: HttpRequest, address: str) -> HttpResponse:
    """One mailbox, newest first. An address that nothing was sent to has an empty one."""
    stored = maildirs.mails(_mail_dir(), address)
    context = {
        "address": address,
        "is_collected": address in _collected(),
        "rows": [(each, _head(each.path)) for each in stored[:SHOWN]],
        "count": len(stored),
        "shown": SHOWN,
    }
    return render(request, "sandbox/mailbox.html", context)


@require_safe
def mail(request: HttpRequest, address: str, key: str) -> HttpResponse:
    """One mail as its receiver sees it, and a form to answer it."""
    return _mail_page(request, address, key, ReplyForm())


@require_POST
def reply(request: HttpRequest, address: str, key: str) -> HttpResponse:
    """Answer a mail, quoting it, from the address whose mailbox it is in."""
    form = ReplyForm(request.POST)
    if form.is_valid():
        _, source = _found(address, key)
        try:
            letter = letters.answer(read_mail(source), address, form.cleaned_data["body"])
        except letters.LetterError as error:
            form.add_error(None, str(error))
        else:
            if _sent(request, form, letter):
                return redirect("sandbox:mailbox", address)
    return _mail_page(request, address, key, form, status=422)


def _mail_page(
    request: HttpRequest, address: str, key: str, form: ReplyForm, status: int = 200
) -> HttpResponse:
    stored, source = _found(address, key)
    read = read_mail(source)
    context = {
        "address": address,
        "stored": stored,
        "mail": read,
        "files": list(enumerate(read.attachments)),
        "source": source[:HEAD].decode("utf-8", "replace"),
        "source_cut": len(source) > HEAD,
        "can_reply": bool(read.from_ or read.reply_to) and address not in _collected(),
        "form": form,
    }
    return render(request, "sandbox/mail.html", context, status=status)


@require_safe
def as_sent(request: HttpRequest, address: str, key: str) -> HttpResponse:
    """The mail's HTML, cleaned, for a sandboxed frame; its own images are in it."""
    _, source = _found(address, key)
    read = read_mail(source)
    cid = {
        each.content_id.strip("<>"): _data_url(each)
        for each in read.attachments
        if each.content_id and each.size <= INLINE_BYTES and each.content_type in safety.RASTER_TYPES
    }
    return safety.frame(request, read.html, cid=cid, remote_images=False)


@require_safe
def raw(request: HttpRequest, address: str, key: str) -> HttpResponse:
    """The mail's source as plain text, or to be saved."""
    _, source = _found(address, key)
    return safety.source_answer(source, name=f"{key}.eml", download="download" in request.GET)


@require_safe
def attachment(request: HttpRequest, address: str, key: str, index: int) -> HttpResponse:
    """A file of the mail, to be saved."""
    _, source = _found(address, key)
    attachments = read_mail(source).attachments
    if index >= len(attachments):
        raise Http404
    found = attachments[index]
    return safety.file_answer(found.data, name=found.name, content_type=found.content_type)


def _found(address: str, key: str) -> tuple[maildirs.Stored, bytes]:
    stored = maildirs.find(_mail_dir(), address, key)
    if stored is None:
        raise Http404
    try:
        return stored, stored.path.read_bytes()
    except OSError:
        raise Http404 from None  # collected meanwhile


@lru_cache(maxsize=2_000)
def _head(path: Path) -> Mail:
    """The headers of a mail; a file of a Maildir never changes."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return Mail()
    return read_mail(head.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n")


def _data_url(image: Attachment) -> str:
    return f"data:{image.content_type};base64,{base64.b64encode(image.data).decode()}"
