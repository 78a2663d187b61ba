"""The sample desk of the demo: loads it once, and fits it to this run's folder and port."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from django.db import transaction

from mailcall.desk.models import Partition, RequestType
from mailcall.desk_file.loading import load
from mailcall.inbound.models import IncomingAccount
from mailcall.outbound.models import OutgoingServer
from mailcall.sandbox import letters, maildirs
from mailcall.sandbox.sample_request import log_sample_request
from mailcall.sandbox.sign_ins import ADMINISTRATOR, SIGN_INS
from mailcall.sandbox.welcome import welcome_letters
from mailcall.web.logins import set_password
from mailcall.web.models import Login

SUPPORT = "support@demo.example"
HR = "hr@demo.example"
_ACCOUNTS = {"Support mailbox": SUPPORT, "HR mailbox": HR}
_SERVER = "Sandbox"
_WELCOMED = "welcomed"  # a file beside the mailboxes: the first mails were sent

__all__ = ["SIGN_INS", "prepare"]


def prepare(mail_dir: Path, smtp_host: str, smtp_port: int) -> bool:
    """Make the sample desk ready. True the first time, when the welcome mails are sent as well.

    The sandbox's SMTP server must be taking mail. Later runs keep whatever was changed on the desk, and
    only say where this run's mailboxes and server are. Raises DeskFileError, LetterError and OSError.
    """
    for address in _ACCOUNTS.values():
        maildirs.make_mailbox(mail_dir, address)
    marker = mail_dir.parent / _WELCOMED
    if Partition.objects.exists() and marker.exists():
        _point(mail_dir, smtp_host, smtp_port)
        return False
    _load(mail_dir, smtp_host, smtp_port)
    for letter in welcome_letters(SUPPORT, HR):
        sender = letters.parse_address(letter.sender).addr_spec
        mail = letters.write(letter).as_bytes()
        letters.send(mail, sender, letters.recipients(letter), host=smtp_host, port=smtp_port)
    marker.touch()
    return True


def _load(mail_dir: Path, smtp_host: str, smtp_port: int) -> None:
    text = Template(files(__package__).joinpath("sample.yaml").read_text("utf-8")).substitute(
        support_path=json.dumps(str(mail_dir / SUPPORT)),
        hr_path=json.dumps(str(mail_dir / HR)),
        smtp_host=json.dumps(smtp_host),
        smtp_port=smtp_port,
    )
    with transaction.atomic():
        load(text.encode(), source="sample.yaml", environ=_passwords(), set_password=set_password)
        if not RequestType.objects.exists():
            log_sample_request()
        Login.objects.filter(person__email=ADMINISTRATOR.email).update(is_superuser=True, is_staff=True)


def _passwords() -> Mapping[str, str]:
    def variable(email: str) -> str:
        return "DEMO_" + email.partition("@")[0].replace(".", "_").upper()

    return {variable(each.email): each.password for each in SIGN_INS}


def _point(mail_dir: Path, smtp_host: str, smtp_port: int) -> None:
    for name, address in _ACCOUNTS.items():
        IncomingAccount.objects.filter(name=name).update(path=str(mail_dir / address))
    for server in OutgoingServer.objects.filter(name=_SERVER):
        server.server, server.port = smtp_host, smtp_port
        server.close_breaker()
        server.save()
