"""What handing over into folders does."""

import pytest

from mailcall.transport.interface import Envelope, Result, ServerTrouble, TransportSettings
from mailcall.transport.maildir import MaildirTransport

MAIL = b"Subject: x\r\n\r\n.hello\xff\r\n"


def test_each_recipient_gets_a_copy_byte_for_byte(tmp_path):
    with MaildirTransport(TransportSettings(path=str(tmp_path))) as transport:
        for _ in range(2):
            results = transport.send(Envelope("", ["a@shop.example", "jürgen@bücher.example"], MAIL))
            assert [result.result for result in results] == [Result.SENT] * 2
    for recipient in ("a@shop.example", "jürgen@bücher.example"):
        assert [file.read_bytes() for file in (tmp_path / recipient / "new").iterdir()] == [MAIL] * 2
        assert list((tmp_path / recipient / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    "address",
    [
        "../up@shop.example",
        "a/b@shop.example",
        "/etc@x",
        ".hidden@x",
        "..",
        "",
        "a\n@x",
        "a\x00@x",
        "\ud800@x",
        "x" * 300 + "@x",
    ],
)
def test_an_address_that_is_no_safe_name_fails_alone(tmp_path, address):
    path = tmp_path / "out"
    path.mkdir()
    with MaildirTransport(TransportSettings(path=str(path))) as transport:
        bad, good = transport.send(Envelope("", [address, "a@shop.example"], MAIL))
    assert (bad.result, good.result) == (Result.FAILED, Result.SENT)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
    assert [entry.name for entry in path.iterdir()] == ["a@shop.example"]


def test_a_folder_that_can_not_be_written_defers(tmp_path):
    (tmp_path / "a@shop.example").write_text("a file, no folder")
    with MaildirTransport(TransportSettings(path=str(tmp_path))) as transport:
        (result,) = transport.send(Envelope("", ["a@shop.example"], MAIL))
    assert result.result is Result.DEFERRED


@pytest.mark.parametrize("path", ["", "/nowhere/at/all"])
def test_a_missing_path_needs_a_person(path):
    with pytest.raises(ServerTrouble) as caught:
        MaildirTransport(TransportSettings(path=path)).__enter__()
    assert caught.value.temporary is False
