"""Decompresses the rich text of Outlook mails (MS-OXRTFCP), in linear time and with caps."""

import struct
import zlib

MAX_RTF = 16 * 1024 * 1024
_HEADER = struct.Struct("<IIII")
_WINDOW = 4096
_LZFU = 0x75465A4C
_MELA = 0x414C454D
# MS-OXRTFCP 2.1.2.1: what the dictionary holds before the first byte.
_PRESET = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def decompress_rtf(data: bytes) -> tuple[bytes, str]:
    """Decompress PidTagRtfCompressed; give the RTF, as far as it goes, and a defect, '' when sound.

    A reference costs two bytes and gives at most seventeen, so the output is at most nine times the input;
    it ends at `MAX_RTF` in any case.
    """
    if len(data) < _HEADER.size:
        return b"", "the rich text is cut off"
    size, raw_size, method, checksum = _HEADER.unpack_from(data)
    content = data[_HEADER.size : max(size + 4, _HEADER.size)]
    if method == _MELA:
        return content[: min(raw_size, MAX_RTF)], "the rich text is cut off" if len(
            content
        ) < raw_size else ""
    if method != _LZFU:
        return b"", "the rich text is compressed in an unknown way"
    rtf, ended = _expand(content)
    if len(rtf) >= MAX_RTF:
        return rtf[:MAX_RTF], "the rich text is too large: only its beginning is read"
    if not ended and len(rtf) < raw_size:
        return rtf, "the rich text is cut off"
    sound = zlib.crc32(content, 0xFFFFFFFF) ^ 0xFFFFFFFF == checksum  # MS-OXRTFCP 2.1.3.2: no inversion
    return rtf, "" if sound else "the checksum of the rich text is wrong"


def _expand(content: bytes) -> tuple[bytes, bool]:
    """Undo LZFu (MS-OXRTFCP 2.2.2); give the bytes and whether the end mark was met.

    The dictionary is a ring of 4,096 bytes; here it is the tail of all output, which begins with its preset
    bytes, so that the place in the ring is the length so far modulo 4,096.
    """
    out = bytearray(_PRESET)
    position, size = 0, len(content)
    while position < size and len(out) < MAX_RTF + len(_PRESET):
        control = content[position]
        position += 1
        if not control:
            out += content[position : position + 8]
            position += 8
            continue
        for bit in range(8):
            if not control >> bit & 1:
                out += content[position : position + 1]
                position += 1
                continue
            if position + 2 > size:
                return bytes(out[len(_PRESET) :]), False
            reference = content[position] << 8 | content[position + 1]
            position += 2
            distance = (len(out) - (reference >> 4)) % _WINDOW
            if not distance:
                return bytes(out[len(_PRESET) :]), True
            _repeat(out, distance, (reference & 15) + 2)
    return bytes(out[len(_PRESET) :]), False


def _repeat(out: bytearray, distance: int, length: int) -> None:
    start = len(out) - distance
    if start < 0:  # a part of the ring that was never written: no sound stream refers to it
        out += bytes(length)
    elif distance >= length:
        out += out[start : start + length]
    else:
        out += (out[start:] * (length // distance + 1))[:length]
