"""`python bench/reading.py`: how fast a mail is read, stage by stage, and what mails made to hurt cost."""

import datetime as dt
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "bench")]

from letters import Letters  # noqa: E402
from mailcall.inbound.dns import key_lookup  # noqa: E402
from mailcall.message import clean_html, html_to_text  # noqa: E402
from mailcall.message.body import read_body  # noqa: E402
from mailcall.message.dates import read_date  # noqa: E402
from mailcall.message.envelope import read_addresses, read_ids  # noqa: E402
from mailcall.message.evidence import Trust, sender_evidence  # noqa: E402
from mailcall.message.kinds import classify  # noqa: E402
from mailcall.message.mime import Part, parse  # noqa: E402
from mailcall.message.quotes import split_text  # noqa: E402
from mailcall.message.reading import read_mail_strictly  # noqa: E402
from message.hostile import SHAPES  # noqa: E402

MAILS = 1_000
ROUNDS = 5
WORST = 12
HOSTILE = 1_000_000  # bytes
NOW = dt.datetime(2026, 11, 3, 9, 0, tzinfo=dt.UTC)


def main() -> None:
    """Print mails in a second, microseconds for each stage, and the dearest shapes."""
    raws = Letters().many(MAILS)
    whole = cost(read_mail_strictly, raws)
    plain = cost(message_from_bytes, raws)
    modern = cost(lambda raw: message_from_bytes(raw, policy=policy.default), raws)
    print(
        f"{MAILS} mails, median {statistics.median(map(len, raws)) / 1000:.1f} KB; medians of {ROUNDS} rounds"
    )
    print(f"  reading, all of it     {whole:7.0f} µs a mail, {1e6 / whole:6.0f} mails/s on one core")
    print(f"  compat32 parsing only  {plain:7.0f} µs, {plain / whole:4.1f} times as long as all of ours")
    print(f"  modern parsing only    {modern:7.0f} µs, {modern / whole:4.1f} times\n")
    for name, figure in stages(raws).items():
        print(f"  {name:<28}{figure:7.0f} µs a mail")
    print(f"\nthe dearest of {len(SHAPES)} mails made to hurt, ms for each 100 KB of {HOSTILE / 1e6:.0f} MB")
    dearest = sorted(((hostile(shape), shape) for shape in SHAPES), reverse=True)
    for figure, shape in dearest[:WORST]:
        print(f"  {shape:<44}{figure:7.1f}")


def stages(raws: list[bytes]) -> dict[str, float]:
    """Measure each step of reading alone; what is said of HTML is spread over all mails."""
    roots = [parse(raw, []) for raw in raws]
    bodies = [read_body(root, []) for root in roots]
    mails = [read_mail_strictly(raw) for raw in raws]
    markup = [body.html for body in bodies if body.html]
    share = len(markup) / len(raws)
    trust = Trust(hosts=frozenset({"in0.desk.example"}))
    evidence = [(mail, trust, raw) for mail, raw in zip(mails, raws, strict=True)]
    return {
        "parse": cost(lambda raw: parse(raw, []), raws),
        "addresses and headers": cost(envelope, roots),
        "body and attachments": cost(lambda root: read_body(root, []), roots),
        "kinds": cost(classify, roots),
        "quotes": cost(split_text, [body.text for body in bodies]),
        "HTML to text, where needed": cost(html_to_text, markup) * share,
        "cleaning HTML": cost(clean_html, markup) * share,
        "evidence": cost(lambda pair: sender_evidence(*pair, key_lookup(), NOW), evidence),
    }


def envelope(root: Part) -> None:
    """Read what `read_mail` reads of the header; a part remembers what was decoded, so it is forgotten."""
    root._read.clear()
    for name in ("from", "sender", "reply-to", "to", "cc"):
        read_addresses(root, name, [])
    for name in ("message-id", "in-reply-to", "references"):
        read_ids(" ".join(root.values(name)))
    read_date(root.value("date"))
    root.text("subject")
    root.ordered("received", "authentication-results")


def cost(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Give the median microseconds of CPU for one item."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for item in items:
            work(item)
        rounds.append(time.process_time() - start)
    return statistics.median(rounds) / max(1, len(items)) * 1e6


def hostile(shape: str) -> float:
    """Give the milliseconds of CPU for each 100 KB of a shape."""
    raw = SHAPES[shape](HOSTILE)
    start = time.process_time()
    read_mail_strictly(raw)
    return (time.process_time() - start) * 1_000 / (HOSTILE / 100_000)


if __name__ == "__main__":
    main()
