"""Asks DNS for the keys of signatures: bounded for each mail, remembered, and failing closed.

Imports neither Django nor, before the first question, dnspython: the processes that read mail begin often.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from mailcall.message.dkim import KeyLookup, LookupFailed

if TYPE_CHECKING:
    from dns.resolver import Resolver as DnsResolver

SECONDS_A_MAIL = 5.0
SECONDS_A_QUESTION = 3.0
SECONDS_A_TRY = 1.0  # of one name server
SILENT = 3  # questions in a row without an answer
PAUSE = 60.0  # seconds for which nobody is asked then, and for which a silent domain is let alone
LEAST_TTL, MOST_TTL = 30.0, 3600.0  # seconds: a flood may ask again and again; a key may be revoked
MOST_TTL_OF_NONE = 300.0  # seconds: a key may have been forgotten and is published now
MOST_ANSWERS = 1000
DATAGRAM = 1232  # bytes that pass everywhere without fragments; a long key fits
MOST_CHARACTERS = 8192  # of an answer; what is longer is no key


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is remembered of a question: the text, or the failure, and until when."""

    text: str
    failure: str
    until: float


class Resolver:
    """Asks these name servers (none: the machine's own) and remembers. Threads may share it."""

    def __init__(
        self, servers: Sequence[tuple[str, int]] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._servers = servers
        self._clock = clock
        self._lock = Lock()
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._silent_in_a_row = 0
        self._paused_until = 0.0
        self._dns: DnsResolver | None = None

    def lookup(self, name: str, seconds: float = SECONDS_A_QUESTION) -> str:
        """Give the TXT records of a name, one a line; '' when it has none. Raises LookupFailed.

        A domain that is silent is let alone for a while, and so are all when no name server answers: a
        machine without DNS loses no time. One slow domain does not have the others left out.
        """
        answer = self._remembered(name) or self._remembered(_owner(name))
        if answer is None:
            answer = self._ask(name, seconds)
        if answer.failure:
            raise LookupFailed(answer.failure)
        return answer.text

    def _remembered(self, name: str) -> _Answer | None:
        with self._lock:
            answer = self._answers.get(name)
            if answer and answer.until > self._clock():
                self._answers.move_to_end(name)
                return answer
        return None

    def _remember(self, name: str, text: str, failure: str, seconds: float) -> _Answer:
        answer = _Answer(text, failure, self._clock() + seconds)
        with self._lock:
            self._answers[name] = answer
            self._answers.move_to_end(name)
            while len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)
        return answer

    def _ask(self, name: str, seconds: float) -> _Answer:
        import dns.exception
        import dns.resolver

        if self._clock() < self._paused_until:
            raise LookupFailed("No name server answered lately")
        try:
            answer = self._resolver().resolve(
                name, "TXT", lifetime=seconds, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN:
            self._silent_in_a_row = 0
            return self._remember(name, "", "", MOST_TTL_OF_NONE)
        except dns.exception.Timeout:
            self._count_silence()
            return self._remember(_owner(name), "", "DNS did not answer in time", PAUSE)
        except (dns.exception.DNSException, OSError) as error:
            self._silent_in_a_row = 0
            return self._remember(name, "", f"DNS gave no answer ({type(error).__name__})", LEAST_TTL)
        self._silent_in_a_row = 0
        records = [_text(record.strings) for record in answer.rrset or ()]
        most = MOST_TTL if records else MOST_TTL_OF_NONE
        ttl = min(max(answer.expiration - time.time(), LEAST_TTL), most)
        return self._remember(name, "\n".join(records)[:MOST_CHARACTERS], "", ttl)

    def _resolver(self) -> "DnsResolver":
        """What speaks DNS; made anew after a pause, since the machine's name servers may be others then."""
        if self._dns is None:
            import dns.nameserver
            import dns.resolver

            made = dns.resolver.Resolver(configure=not self._servers)
            if self._servers:
                made.nameservers = [dns.nameserver.Do53Nameserver(*server) for server in self._servers]
            made.timeout = SECONDS_A_TRY
            made.use_edns(0, payload=DATAGRAM)
            self._dns = made
        return self._dns

    def _count_silence(self) -> None:
        """After some silence, find out whether it is the domains or the name servers, and pause."""
        self._silent_in_a_row += 1
        if self._silent_in_a_row < SILENT:
            return
        if self._anybody_there():
            self._silent_in_a_row = 0
            return
        self._silent_in_a_row = SILENT - 1  # so that one more silence after the pause begins another
        self._paused_until = self._clock() + PAUSE
        self._dns = None

    def _anybody_there(self) -> bool:
        """Whether a name server says anything at all, if only that it does not know the root."""
        import dns.exception

        try:
            self._resolver().resolve(".", "NS", lifetime=SECONDS_A_TRY, raise_on_no_answer=False)
        except dns.exception.Timeout:
            return False
        except (dns.exception.DNSException, OSError):
            return True
        return True


def _owner(name: str) -> str:
    """All names of whoever is likely to own this one: below two labels, or three as in `*.shop.co.uk`."""
    labels = name.split(".")
    return ".".join(["*", *labels[-3 if len(labels) > 2 and len(labels[-2]) <= 3 else -2 :]])


def _text(strings: Sequence[bytes]) -> str:
    """The strings of a record are one text (RFC 6376 3.6.2.2), on one line."""
    return " ".join(b"".join(strings).decode("latin-1").splitlines())


@cache
def resolver() -> Resolver:
    """The resolver of this process, on the name servers of the settings. Raises ConfigError."""
    from mailcall.config import config

    return Resolver(config().name_servers)


def key_lookup(find: Callable[[], Resolver] = resolver) -> KeyLookup:
    """Give a look-up for one mail, whose questions together may take SECONDS_A_MAIL."""
    left = SECONDS_A_MAIL

    def lookup(name: str) -> str:
        nonlocal left
        if left <= 0:
            raise LookupFailed(f"DNS took more than {SECONDS_A_MAIL:.0f} seconds for this mail")
        begun = time.monotonic()
        try:
            return find().lookup(name, min(left, SECONDS_A_QUESTION))
        finally:
            left -= time.monotonic() - begun

    return lookup
