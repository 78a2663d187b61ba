"""Fuzzes a target for a while: `make fuzz TARGET=mail SECONDS=60`.

1. libFuzzer runs in a process of its own, from our samples and from the corpora where they are.
2. An input at which it stopped is examined again without the engine, since watched code is slow.
3. What is confirmed is made small and kept in `cases/`, where an ordinary test replays it for ever.
4. Until the time is over, it goes on with another seed, past the faults that it has found.

The exit status is 1 if anything was found.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from fuzz.samples import SAMPLES, folders
from fuzz.targets import TARGETS

CASES = Path(__file__).with_name("cases")
_MOST_BYTES = 30_000
_HANGS = 20  # seconds
_MOST_MEMORY = 1_000  # MB of the whole process, which shows what grows from input to input
_SECONDS_TO_SHRINK = 30.0


def main() -> int:
    """Fuzz, print what was found, and give the exit status."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("target", choices=sorted(TARGETS))
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--keep", type=Path, help="A folder for what the engine learns, to go on from next time."
    )
    asked = options.parse_args()
    found = fuzz(asked.target, asked.seconds, asked.seed, asked.keep)
    for case, what in found.items():
        print(f"{asked.target}: {what}: {case}")
    return 1 if found else 0


def fuzz(target: str, seconds: int, seed: int, keep: Path | None) -> dict[Path, str]:
    """Fuzz a target: the cases that were written, each with what goes wrong."""
    found: dict[Path, str] = {}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while (left := int(end - time.monotonic())) > 0:
            artifact = _session(target, left, seed, Path(folder), keep, found.values())
            seed += 1
            if artifact is None:
                continue
            data = artifact.read_bytes()
            artifact.unlink()
            what = examined(target, data, Path(folder))
            if what and what not in found.values():
                small = shrunk(data, lambda less, what=what: examined(target, less, Path(folder)) == what)
                found[_kept(target, small)] = what
            elif not what:
                print(
                    f"{target}: an input of {len(data)} bytes was slow only while it was watched", flush=True
                )
    return found


def _session(
    target: str, seconds: int, seed: int, folder: Path, keep: Path | None, known: Iterable[str]
) -> Path | None:
    """Run libFuzzer once: the input it stopped at, if it did."""
    learnt, own = keep or folder / "learnt", folder / "own"
    for each in (learnt, own, folder / "found"):
        each.mkdir(parents=True, exist_ok=True)
    samples = TARGETS[target].samples
    for number, sample in enumerate(SAMPLES[samples]):
        (own / str(number)).write_bytes(sample)
    command = [
        sys.executable, "-m", "fuzz.session", target, "\n".join(known),
        str(learnt), str(own), *map(str, folders(samples)),
        f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={_MOST_BYTES}", f"-timeout={_HANGS}",
        f"-rss_limit_mb={_MOST_MEMORY}", f"-artifact_prefix={folder}/found/", "-print_final_stats=1",
        "-len_control=0",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stderr.splitlines():
        if "stat::number_of_executed_units" in line or "stat::new_units_added" in line:
            print(f"{target}: {line}", flush=True)
    artifact = next(iter((folder / "found").iterdir()), None)
    if done.returncode and artifact is None:
        raise RuntimeError(f"The fuzzing engine failed:\n{done.stderr[-3000:]}")
    return artifact


def examined(target: str, data: bytes, folder: Path) -> str:
    """What is wrong with an input, judged in a process of its own."""
    file = folder / "examined"
    file.write_bytes(data)
    command = [sys.executable, "-m", "fuzz.examining", target, str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_HANGS, check=False)
    except subprocess.TimeoutExpired:
        return "hangs"
    return done.stdout.strip() if not done.returncode else f"ends the process ({done.returncode})"


def shrunk(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Leave out as much as may be, in ever smaller chunks, while it still fails."""
    end = time.monotonic() + _SECONDS_TO_SHRINK
    size = len(data) // 2
    while size and time.monotonic() < end:
        position = 0
        while position < len(data) and time.monotonic() < end:
            less = data[:position] + data[position + size :]
            if fails(less):
                data = less
            else:
                position += size
        size //= 2
    return data


def _kept(target: str, data: bytes) -> Path:
    file = CASES / target / hashlib.sha256(data).hexdigest()[:16]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


if __name__ == "__main__":
    sys.exit(main())
