"""A private clamd that knows one signature, and servers that answer in its place."""

import os
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from servers.process import HOST, Foreground, Guard, ServerError, free_ports, tail, wait_for

PROGRAM = shutil.which("clamd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

# The test file of all antivirus programs, in two parts, so that none of them objects to this one.
EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
VIRUS = "Desk.Test.Eicar"

CONFIG = """
Foreground yes
DatabaseDirectory {folder}/signatures
LocalSocket {socket}
TCPSocket {port}
TCPAddr {host}
StreamMaxLength 1M
SelfCheck 0
ScanMail yes
LogFile {folder}/clamd.log
"""


class Clamd(Foreground):
    """`with Clamd(folder) as clamd:` listens at `clamd.address`, and at `clamd.tcp_address`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "c.sock"
        self._port = 0

    @property
    def address(self) -> str:
        """As `MAILCALL_ANTIVIRUS_DAEMON` wants it."""
        return f"unix:{self._socket}"

    @property
    def tcp_address(self) -> str:
        return f"{HOST}:{self._port}"

    def start(self) -> Self:
        """Start it and wait until it answers. Raises ServerError."""
        signatures = self._folder / "signatures"
        signatures.mkdir(parents=True, exist_ok=True)
        (signatures / "desk.ndb").write_text(f"{VIRUS}:0:*:{EICAR.encode().hex()}\n")
        (self._port,) = free_ports(1)
        config = CONFIG.format(folder=self._folder, socket=self._socket, port=self._port, host=HOST)
        (self._folder / "clamd.conf").write_text(config)
        self._process = subprocess.Popen(
            [str(PROGRAM), f"--config-file={self._folder / 'clamd.conf'}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._guard = Guard(self._process.pid)
        if not wait_for(self._answers, 20):
            self.stop()
            raise ServerError(tail(self._folder / "clamd.log"))
        return self

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self._socket)) == 0


@contextmanager
def daemon_that(says: Callable[[bytes], bytes], *, hears: int | None = None) -> Iterator[str]:
    """The address of one that answers a mail with what `says` gives of it; nothing at all for b"".

    `hears`: it answers after so many bytes of it and hangs up, as clamd does above its StreamMaxLength.
    """
    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, says, hears), daemon=True)
        thread.start()
        yield f"{HOST}:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(listening: socket.socket, says: Callable[[bytes], bytes], hears: int | None) -> None:
    held = []  # connections that are left without an answer
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection.makefile("rb") as stream:
            command = _until_zero(stream.read)
            if command == b"zPING":
                connection.sendall(b"PONG\0")
                connection.close()
                continue
            mail = b""
            while size := struct.unpack("!I", stream.read(4))[0]:
                mail += stream.read(size)
                if hears is not None and len(mail) >= hears:
                    break
        if answer := says(mail):
            connection.sendall(answer)
            connection.close()
        else:
            held.append(connection)


def _until_zero(read: Callable[[int], bytes]) -> bytes:
    command = b""
    while (sign := read(1)) not in {b"\0", b""}:
        command += sign
    return command
