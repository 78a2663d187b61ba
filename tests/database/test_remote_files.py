"""Large mails and attachments in an object storage, here moto's S3: the same promises as in a folder."""

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from moto.server import ThreadedMotoServer

from desks import Desk, mail
from installations import Installation
from mailcall.config import ConfigError, config
from mailcall.database.remote_files import RemoteFiles
from mailcall.desk.models import Attachment, Call
from mailcall.inbound.models import ReceivedMail
from mailcall.message.composing import Draft, compose
from mailcall.message.mail import Attachment as Attached
from mailcall.message.mail import Mailbox
from mailcall.service.troubles import explain
from servers.dovecot import Dovecot
from servers.process import free_ports

S3 = "storages.backends.s3.S3Storage"
BIG = "a long story. " * 50_000


class Store:
    """An S3 store on a port of its own; what it keeps outlives its being stopped."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.options = {
            "bucket_name": f"desk-{self.port}",
            "endpoint_url": f"http://127.0.0.1:{self.port}",
            "access_key": "desk",
            "secret_key": "desk secret",
            "region_name": "us-east-1",
        }
        self.start()
        self.client.create_bucket(Bucket=self.options["bucket_name"])

    def start(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    @property
    def client(self):
        return boto3.client(
            "s3",
            endpoint_url=self.options["endpoint_url"],
            aws_access_key_id="desk",
            aws_secret_access_key="desk secret",
            region_name="us-east-1",
        )

    @property
    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.options["bucket_name"]).get("Contents", ())
        return [item["Key"] for item in found]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    made = Store()
    yield made
    made.stop()


@pytest.fixture
def stored(store: Store, desk: Desk, settings, tmp_path: Path) -> Desk:
    """The small desk, whose large mails go into the store."""
    options = {"backend": S3, "options": store.options, "spool": tmp_path / "spool"}
    backend = {"BACKEND": "mailcall.database.remote_files.RemoteFiles", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    return desk


def with_file(data: bytes) -> bytes:
    return compose(
        Draft(
            from_=Mailbox("", "ann@customer.example"),
            to=(Mailbox("", "support@desk.example"),),
            subject="A picture",
            text="See it.\n",
            html="",
            message_id="<picture@customer.example>",
            date=dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC),
            auto_submitted="",
            attachments=(Attached("a.bin", "application/octet-stream", data, "", False, ""),),
        )
    )


def fetched() -> list[Path]:
    return [path for path in (config().spool_dir / "fetched").glob("*/*") if path.is_file()]


def test_a_large_mail_is_kept_in_the_store_and_read_from_there(stored: Desk, store: Store) -> None:
    received = stored.receive(mail(text=BIG))
    assert (received.state, received.outcome, received.error) == ("done", "logged", "")
    sha256 = received.sha256
    assert store.names == [f"{sha256[:2]}/{sha256[2:4]}/{sha256}"]
    assert len(received.read_raw()) == received.size > 700_000
    assert Call.objects.get().timeline.first().text.startswith("a long story.")
    assert fetched() == []


def test_a_large_attachment_is_kept_there_once_and_given_out(
    stored: Desk, store: Store, admin_client: Client
) -> None:
    data = os.urandom(100_000)
    stored.receive(with_file(data))
    kept = Attachment.objects.get().content
    assert kept.storage_name in store.names
    assert kept.read() == data
    count = len(store.names)
    stored.receive(with_file(data))
    assert len(store.names) == count


def test_while_the_store_is_gone_the_mail_waits_where_it_is(stored: Desk, store: Store) -> None:
    path = stored.deliver(mail(text=BIG))
    store.stop()
    with pytest.raises(OSError, match="file storage can't be used") as caught:
        stored.run()
    assert explain(caught.value).startswith("The file storage can't be used: Could not connect")
    assert path.exists()
    assert not ReceivedMail.objects.exists()
    stored.account.refresh_from_db()
    assert "The mail can't be kept: The file storage can't be used" in stored.account.last_error
    store.start()
    stored.run()
    assert ReceivedMail.objects.get().outcome == "logged"
    assert not path.exists()


def test_a_mail_in_the_journal_waits_for_the_store_without_blame(stored: Desk, store: Store) -> None:
    from mailcall.inbound.act import act_on_next
    from mailcall.inbound.collect import collect

    stored.deliver(mail(text=BIG))
    collect(stored.account)
    store.stop()
    with pytest.raises(OSError, match="file storage"):
        act_on_next()
    waiting = ReceivedMail.objects.get()
    assert (waiting.state, waiting.attempts) == ("new", 0)
    store.start()
    stored.run()
    assert ReceivedMail.objects.get().outcome == "logged"


def test_what_is_not_there_is_missing_and_no_other_trouble(stored: Desk) -> None:
    with pytest.raises(FileNotFoundError):
        default_storage.open("aa/bb/aabb")
    assert not default_storage.exists("aa/bb/aabb")


def test_half_a_file_is_replaced(stored: Desk, store: Store) -> None:
    from mailcall.desk.models.calls import content_name, store_file

    name = content_name("ab" * 32)
    default_storage.save(name, ContentFile(b"hal"))
    store_file("ab" * 32, b"half a file")
    assert default_storage.open(name).read() == b"half a file"
    assert store.names == [name]
    assert default_storage.listdir("ab")[0] == ["ab"]
    assert default_storage.get_modified_time(name)


@pytest.mark.parametrize(
    ("backend", "options", "said"),
    [
        ("storages.backends.s3.S4Storage", {}, "S4Storage"),
        ("nowhere.at.All", {}, "No module named 'nowhere'"),
        (S3, {"bucket": "desk"}, "Invalid setting 'bucket'"),
    ],
)
def test_a_storage_that_cannot_be_used_is_said_in_a_sentence(
    backend: str, options: dict, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"`file_storage` and `file_storage_options`") as caught:
        RemoteFiles(backend, options, tmp_path)
    assert said in str(caught.value)


@pytest.mark.parametrize("options", ["{", "[1]", "bucket"])
def test_options_that_are_no_table_are_refused_and_not_shown(
    options: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILCALL_FILE_STORAGE_OPTIONS", options)
    with pytest.raises(ConfigError, match="`file_storage_options`") as caught:
        config.__wrapped__()
    assert options not in str(caught.value)


@pytest.mark.servers
def test_an_installation_keeps_large_mail_in_the_store(
    installed: Installation, dovecot: Dovecot, store: Store
) -> None:
    installed.environment["MAILCALL_FILE_STORAGE"] = S3
    installed.environment["MAILCALL_FILE_STORAGE_OPTIONS"] = json.dumps(store.options)
    assert "file storage: storages.backends.s3.S3Storage keeps what it is given" in installed.cli("check")
    assert store.names == []
    dovecot.deliver(installed.mailbox, mail("large@k.example", text=BIG))
    installed.start()
    installed.wait(lambda: installed.settled(1), "the mail")
    assert len(store.names) == 1
    assert installed.count("select count(*) from desk_call") == 1
    assert dovecot.mails(installed.mailbox) == []
    installed.environment["MAILCALL_FILE_STORAGE"] = "storages.backends.s3.S4Storage"
    assert "`file_storage`" in installed.cli("check", status=1)
