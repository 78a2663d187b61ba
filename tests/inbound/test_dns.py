"""Asking DNS for keys: a real name server that answers, denies, is silent or slow; what is remembered."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcall.inbound import dns
from mailcall.inbound.dns import Resolver, key_lookup
from mailcall.message.dkim import LookupFailed
from servers.dnsmasq import Dnsmasq, silent_server, slow_server
from servers.fixtures import need_dnsmasq
from servers.process import HOST

pytestmark = pytest.mark.servers

KEY = "v=DKIM1; k=rsa; p=" + "A" * 700


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Dnsmasq]:
    """A name server that knows a few names, and asks a silent one about some domains."""
    need_dnsmasq()
    records = {"s1._domainkey.desk.example": [KEY], "two.example": ["v=spf1 -all", "v=DKIM1; p="]}
    with silent_server() as mute:
        behind = {"silent.example": mute, "mute.example": mute, "still.example": mute}
        with Dnsmasq(tmp_path / "dns", records, behind) as running:
            yield running


def asking(server: Dnsmasq, clock: Clock | None = None) -> Resolver:
    return Resolver([(HOST, server.port)], clock or Clock())


def test_a_key_longer_than_one_string_comes_whole(server: Dnsmasq) -> None:
    assert asking(server).lookup("s1._domainkey.desk.example") == KEY


def test_several_records_come_one_a_line(server: Dnsmasq) -> None:
    assert sorted(asking(server).lookup("two.example").splitlines()) == ["v=DKIM1; p=", "v=spf1 -all"]


def test_a_name_that_is_not_there_has_no_text(server: Dnsmasq) -> None:
    assert asking(server).lookup("none.desk.example") == ""


def test_a_refusal_is_a_failure_and_not_an_empty_answer(server: Dnsmasq) -> None:
    with pytest.raises(LookupFailed, match="DNS gave no answer"):
        asking(server).lookup("s1._domainkey.elsewhere.test")


def test_answers_are_remembered_those_that_deny_and_fail_too(server: Dnsmasq) -> None:
    clock = Clock()
    resolver = asking(server, clock)
    for _ in range(3):
        resolver.lookup("s1._domainkey.desk.example")
        resolver.lookup("none.desk.example")
        with pytest.raises(LookupFailed):
            resolver.lookup("elsewhere.test")
    assert len(set(server.questions)) == len(server.questions) == 3
    clock.now += dns.MOST_TTL + 1
    resolver.lookup("s1._domainkey.desk.example")
    assert server.questions.count("s1._domainkey.desk.example") == 2


def test_only_so_many_answers_are_remembered(server: Dnsmasq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "MOST_ANSWERS", 2)
    resolver = asking(server)
    for name in ("a.example", "b.example", "c.example", "a.example"):
        resolver.lookup(name)
    assert server.questions == ["a.example", "b.example", "c.example", "a.example"]


def test_a_silent_domain_is_let_alone_and_others_are_asked(server: Dnsmasq) -> None:
    resolver = asking(server)
    with pytest.raises(LookupFailed, match="DNS did not answer in time"):
        resolver.lookup("s1._domainkey.silent.example", 0.3)
    asked = len(server.questions)
    with pytest.raises(LookupFailed):
        resolver.lookup("s2._domainkey.sub.silent.example")
    assert len(server.questions) == asked
    for domain in ("mute.example", "still.example"):
        with pytest.raises(LookupFailed):
            resolver.lookup(domain, 0.3)
    assert resolver.lookup("s1._domainkey.desk.example") == KEY, "the name server itself is there"


def test_after_some_silence_nobody_is_asked_for_a_while(server: Dnsmasq) -> None:
    clock = Clock()
    with slow_server(server.port, seconds=2) as slow:
        resolver = Resolver([(HOST, slow)], clock)
        for number in range(dns.SILENT):
            with pytest.raises(LookupFailed, match="in time"):
                resolver.lookup(f"s.domain{number}.example", 0.2)
        with pytest.raises(LookupFailed, match="No name server answered lately"):
            resolver.lookup("s1._domainkey.desk.example")
    clock.now += dns.PAUSE + 1
    resolver._servers = [(HOST, server.port)]
    assert resolver.lookup("s1._domainkey.desk.example") == KEY


def test_a_slow_answer_within_the_time_counts(server: Dnsmasq) -> None:
    with slow_server(server.port, seconds=0.3) as slow:
        assert Resolver([(HOST, slow)]).lookup("s1._domainkey.desk.example") == KEY


def test_the_questions_of_one_mail_share_its_time(server: Dnsmasq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "SECONDS_A_MAIL", 0.3)
    resolver = asking(server)
    lookup = key_lookup(lambda: resolver)
    assert lookup("s1._domainkey.desk.example") == KEY
    with pytest.raises(LookupFailed, match="in time"):
        lookup("mute.example")
    with pytest.raises(LookupFailed, match="for this mail"):
        lookup("still.example")


def test_without_any_name_server_a_look_up_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import dns.resolver

    def none(*_: object, **__: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", none)
    with pytest.raises(LookupFailed, match="NoResolverConfiguration"):
        Resolver().lookup("s1._domainkey.desk.example")


def test_reading_needs_no_django_and_loads_no_dns_before_the_first_question() -> None:
    code = (
        "import sys, mailcall.inbound.reading;"
        "print(*{'django', 'dns', 'pydantic', 'mailcall.config'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
