"""`python bench/readers.py`: what reading mails in processes apart costs them, and the service itself."""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "bench")]

from letters import Letters  # noqa: E402
from mailcall.inbound.readers import Readers, order_for  # noqa: E402
from mailcall.message import Trust  # noqa: E402

MAILS = 1_000
CHUNK = 100
ROUNDS = 5
TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the start, and the medians of some rounds, in CPU seconds for each 1,000 mails."""
    raws = Letters().many(MAILS)
    with tempfile.TemporaryDirectory() as spool:
        pool = Readers(2, Path(spool))
        began = time.perf_counter()
        read(pool, raws[:1])
        print(f"the first mail, imports and all  {time.perf_counter() - began:6.2f} s by the clock")
        read(pool, raws[:CHUNK])
        rounds = [one_round(pool, raws) for _ in range(ROUNDS)]
        began = time.perf_counter()
        for raw in raws[:CHUNK]:
            read(pool, [raw])
        alone = (time.perf_counter() - began) / CHUNK
        pool.close()
    readers, service = map(statistics.median, zip(*rounds, strict=True))
    print(f"{MAILS} mails, {CHUNK} at a time; medians of {ROUNDS} rounds")
    print(f"  the readers                    {readers:6.2f} CPU s")
    print(f"  the service                    {service:6.2f} CPU s")
    print(f"  one mail alone                 {alone * 1000:6.1f} ms by the clock")


def one_round(pool: Readers, raws: list[bytes]) -> tuple[float, float]:
    """CPU seconds of the readers, which live on, and of this process."""
    before, own = computed(pool), time.process_time()
    for start in range(0, len(raws), CHUNK):
        read(pool, raws[start : start + CHUNK])
    return computed(pool) - before, time.process_time() - own


def read(pool: Readers, raws: list[bytes]) -> None:
    """Read these as the service does."""
    trust = Trust(hosts=frozenset({"in0.desk.example"}))
    for _ in pool.read([order_for(raw, len(raw), trust, [b"k" * 32]) for raw in raws]):
        pass


def computed(pool: Readers) -> float:
    """What the readers have computed so far (proc(5), stat)."""
    seconds = 0.0
    for process in pool._processes:
        words = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        seconds += (int(words[11]) + int(words[12])) / TICK
    return seconds


if __name__ == "__main__":
    main()
