"""Reads the attributes of a TNEF stream (MS-OXTNEF 2.1) into messages and files, not yet decoded."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from .mapi_properties import Properties, code_page, read_properties

MAX_FILES = 500
_MAX_RECIPIENTS = 1_000
_MAGIC = b"\x78\x9f\x3e\x22"
_ATTRIBUTE = struct.Struct("<BII")
_LEVELS = {1, 2}  # of the message, of an attachment

# MS-OXTNEF 2.1.2.1: attributes by the lower half of their identifier; the upper half is a type.
_SUBJECT, _CLASS, _BODY, _CODE_PAGE = 0x8004, 0x8008, 0x800C, 0x9007
_MESSAGE_PROPERTIES, _RECIPIENTS = 0x9003, 0x9004
_FILE_BEGINS, _FILE_DATA, _FILE_TITLE, _FILE_PROPERTIES = 0x9002, 0x800F, 0x8010, 0x9005
_OF_FILES = {_FILE_BEGINS, _FILE_DATA, _FILE_TITLE, _FILE_PROPERTIES}


@dataclass(slots=True)
class Limits:
    """What the whole stream may still give, embedded messages included, and what was found wrong in it."""

    effort: int  # for reading rich text
    files: int = MAX_FILES
    defects: dict[str, None] = field(default_factory=dict)  # in the order they were found

    def note(self, defect: str) -> None:
        """Note what is wrong, once."""
        self.defects[defect] = None


@dataclass(slots=True)
class PackedFile:
    """One attachment as it stands in the stream; `data` is None when no attribute holds any."""

    title: bytes = b""
    data: bytes | None = None
    properties: Properties = field(default_factory=Properties)


@dataclass(slots=True)
class PackedMessage:
    """One message as it stands in the stream."""

    codec: str = "cp1252"  # of its 8-bit strings
    subject: bytes = b""
    message_class: bytes = b""
    body: bytes = b""
    properties: Properties = field(default_factory=Properties)
    recipients: list[Properties] = field(default_factory=list)
    files: list[PackedFile] = field(default_factory=list)


def read_message(data: bytes, limits: Limits) -> PackedMessage:
    """Read a stream, as far as it goes. Never raises."""
    message = PackedMessage()
    for identifier, value in _attributes(data, limits):
        if identifier in _OF_FILES:
            if identifier == _FILE_BEGINS or not message.files:
                if limits.files <= 0:
                    limits.note(f"winmail.dat holds more than {MAX_FILES} files: the rest is left out")
                    break
                limits.files -= 1
                message.files.append(PackedFile())
            _take_of_file(message, identifier, value, limits)
        else:
            _take(message, identifier, value, limits)
    return message


def _take(message: PackedMessage, identifier: int, value: bytes, limits: Limits) -> None:
    if identifier == _CODE_PAGE and len(value) >= 4:
        message.codec = code_page(int.from_bytes(value[:4], "little")) or message.codec
    elif identifier == _SUBJECT:
        message.subject = value
    elif identifier == _CLASS:
        message.message_class = value
    elif identifier == _BODY:
        message.body = value
    elif identifier == _MESSAGE_PROPERTIES:
        message.properties = _properties(value, message.codec, limits)
    elif identifier == _RECIPIENTS:
        message.recipients = _recipients(value, message.codec)


def _take_of_file(message: PackedMessage, identifier: int, value: bytes, limits: Limits) -> None:
    file = message.files[-1]
    if identifier == _FILE_DATA:
        file.data = value
    elif identifier == _FILE_TITLE:
        file.title = value
    elif identifier == _FILE_PROPERTIES:
        file.properties = _properties(value, message.codec, limits)


def _attributes(data: bytes, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """Give identifier and value of each attribute (MS-OXTNEF 2.1.1), the last one as far as it goes."""
    if not data.startswith(_MAGIC):
        limits.note("winmail.dat does not begin as one")
        return
    position, size = 6, len(data)  # after the magic, two bytes of a key that means nothing here
    while position + _ATTRIBUTE.size <= size:
        level, identifier, length = _ATTRIBUTE.unpack_from(data, position)
        if level not in _LEVELS:
            limits.note("there is something unreadable at the end of winmail.dat")
            return
        position += _ATTRIBUTE.size
        value = data[position : position + length]
        position += length + 2
        if position > size:
            limits.note("winmail.dat is cut off")
        elif sum(value) & 0xFFFF != int.from_bytes(data[position - 2 : position], "little"):
            limits.note("a checksum in winmail.dat is wrong")
        yield identifier & 0xFFFF, value
    if position != size:
        limits.note("winmail.dat is cut off")


def _properties(data: bytes, codec: str, limits: Limits) -> Properties:
    properties, _ = read_properties(data, codec)
    if not properties.sound:
        limits.note("some properties in winmail.dat are unreadable")
    return properties


def _recipients(data: bytes, codec: str) -> list[Properties]:
    """Read attRecipTable (MS-OXTNEF 2.1.3.5): a count, and the properties of each recipient."""
    count = min(int.from_bytes(data[:4], "little"), _MAX_RECIPIENTS)
    recipients: list[Properties] = []
    position = 4
    while len(recipients) < count and position < len(data):
        recipient, position = read_properties(data, codec, position)
        recipients.append(recipient)
        if not recipient.sound:
            break
    return recipients
