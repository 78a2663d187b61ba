"""A private dnsmasq that answers for some TXT records, and the silent and slow servers behind it."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from servers.process import HOST, Foreground, Guard, ServerError, free_ports, tail, wait_for

PROGRAM = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

CONFIG = """
no-resolv
no-hosts
no-daemon
no-negcache
cache-size=0
log-queries
log-facility=-
user=
pid-file=
port={port}
listen-address={host}
bind-interfaces
local=/example/
"""


class Dnsmasq(Foreground):
    """`with Dnsmasq(folder, {"a.example": ["text"]}) as server:` listens on `server.port`.

    It knows nothing else below `example`. `behind` has it ask other servers for some domains.
    """

    def __init__(
        self,
        folder: Path,
        records: Mapping[str, Sequence[str]] = {},
        behind: Mapping[str, int] = {},
    ) -> None:
        self._folder = folder
        self._records = records
        self._behind = behind
        self.port = 0

    @property
    def address(self) -> str:
        """As `MAILCALL_DNS_SERVERS` wants it."""
        return f"{HOST}:{self.port}"

    @property
    def questions(self) -> list[str]:
        """The names that were asked for, in order."""
        lines = (self._folder / "dnsmasq.log").read_text(errors="replace").splitlines()
        return [line.split("query[TXT] ")[1].split()[0] for line in lines if "query[TXT]" in line]

    def start(self) -> Self:
        """Start the server and wait until it answers. Raises ServerError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for _ in range(3):  # a free port may be taken between asking and binding
            self._configure()
            log = (self._folder / "dnsmasq.log").open("wb")
            self._process = subprocess.Popen(
                [str(PROGRAM), f"--conf-file={self._folder / 'dnsmasq.conf'}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            self._guard = Guard(self._process.pid)
            if wait_for(self._answers, 5):
                return self
            self.stop()
        raise ServerError(tail(self._folder / "dnsmasq.log"))

    def _configure(self) -> None:
        (self.port,) = free_ports(1)
        lines = [CONFIG.format(port=self.port, host=HOST)]
        for name, texts in self._records.items():
            for text in texts:
                strings = [text[start : start + 200] for start in range(0, len(text), 200)] or [""]
                lines.append("txt-record={},{}".format(name, ",".join(f'"{each}"' for each in strings)))
        lines += [f"server=/{domain}/{HOST}#{port}" for domain, port in self._behind.items()]
        (self._folder / "dnsmasq.conf").write_text("\n".join(lines) + "\n")

    def _answers(self) -> bool:
        """Whether it listens, by TCP as by UDP."""
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


@contextmanager
def silent_server() -> Iterator[int]:
    """A port where questions are taken and never answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind((HOST, 0))
        yield held.getsockname()[1]


@contextmanager
def slow_server(port: int, seconds: float) -> Iterator[int]:
    """A port that hands questions on to another, and each answer back after some seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as front:
        front.bind((HOST, 0))
        front.settimeout(0.05)
        ended = threading.Event()
        thread = threading.Thread(target=_hand_on, args=(front, port, seconds, ended), daemon=True)
        thread.start()
        try:
            yield front.getsockname()[1]
        finally:
            ended.set()
            thread.join(10)


def _hand_on(front: socket.socket, port: int, seconds: float, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            question, client = front.recvfrom(4096)
        except TimeoutError:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
            back.settimeout(5)
            back.sendto(question, (HOST, port))
            answer = back.recv(4096)
        time.sleep(seconds)
        front.sendto(answer, client)
