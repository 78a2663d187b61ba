"""ISO-2022-JP (RFC 1468) as mail programs of Windows write it: with NEC's and IBM's characters (CP50220)."""

import re

_ESCAPE = re.compile(rb"\x1b(\$\([@BD]|\$[@B]|\([BJI])")
_DOUBLE = {b"$B", b"$@", b"$(B", b"$(@"}
_OF_FF = "\uf8f3"  # what Python's code page 932 makes of the byte FF, which is nothing
_NO_MORE_THAN_A_LINE = re.compile(rb"[\r\n]")


def decode_iso_2022_jp(data: bytes) -> str:
    """Decode run by run between the escapes; a byte that is nothing becomes U+FFFD.

    Double-byte runs are those of code page 932 seven bits wide, so that its rows beyond JIS X 0208 read. A
    run ends with its line at the latest.
    """
    pieces = _ESCAPE.split(data)
    out = [pieces[0].decode("ascii", "replace")]
    for escape, run in zip(pieces[1::2], pieces[2::2], strict=True):
        end = _NO_MORE_THAN_A_LINE.search(run)
        here, rest = (run[: end.start()], run[end.start() :]) if end else (run, b"")
        out.append(_run(escape, here))
        out.append(rest.decode("ascii", "replace"))
    return "".join(out)


def _run(escape: bytes, run: bytes) -> str:
    if escape in _DOUBLE:
        return _shifted(run).decode("cp932", "replace").replace(_OF_FF, "\ufffd")
    if escape == b"$(D":
        return (b"\x1b$(D" + run).decode("iso2022_jp_ext", "replace")
    if escape == b"(I":
        return bytes(byte | 0x80 for byte in run).decode("cp932", "replace")
    return run.decode("ascii", "replace")


def _shifted(run: bytes) -> bytes:
    """Give the Shift_JIS bytes of JIS X 0208; a byte left over stays one that is nothing."""
    out = bytearray()
    at, size = 0, len(run)
    while at < size:
        row = run[at]
        if not 0x21 <= row <= 0x7E:
            out.append(row if row < 0x80 else 0xFF)
            at += 1
            continue
        cell = run[at + 1] if at + 1 < size else 0
        at += 2
        if not 0x21 <= cell <= 0x7E:
            out.append(0xFF)
            continue
        lead = ((row - 0x21) >> 1) + 0x81
        out.append(lead if lead <= 0x9F else lead + 0x40)
        out.append(cell + (0x7E if row % 2 == 0 else 0x1F if cell < 0x60 else 0x20))
    return bytes(out)
