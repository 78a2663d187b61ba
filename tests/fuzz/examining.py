"""Judges one input without the fuzzing engine: does the target raise, or take too long or too much memory?

As a program (`python -m fuzz.examining`) it prints its verdict on `TARGET FILE`; nothing when all is well.
"""

import math
import resource
import sys
import time
import traceback
from pathlib import Path

from fuzz.targets import TARGETS

SECONDS_PER_100_KB = 0.1
MEMORY = 64 * 1024 * 1024  # bytes that one input may cost at its peak, whatever its size ...
MEMORY_PER_BYTE = 100  # ... and for each of its bytes
SLOW, LARGE = "slow", "large"
_STEPS, _SECONDS_FOR_STEPS = 200_000, 0.015  # measured at 2.5 GHz with nothing else running


def seconds_allowed(size: int) -> float:
    """How much processor time an input may cost: 100 ms for each 100 KB, and as much whatever its size.

    The readers stop at so many lines or addresses, and a small input of very short ones reaches that first.
    """
    return SECONDS_PER_100_KB * (size / 102_400 + 1)


def memory_allowed(size: int) -> int:
    """By how many bytes an input may make the process grow."""
    return MEMORY + MEMORY_PER_BYTE * size


def peak_memory() -> int:
    """The most memory that this process had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def slowness() -> float:
    """How much slower this processor is now than it is when nothing else runs; 1.0 at least."""
    began = time.process_time()
    sum(number * number for number in range(_STEPS))
    return max(1.0, (time.process_time() - began) / _SECONDS_FOR_STEPS)


def fault_of(error: Exception) -> str:
    """Which fault an error shows, in words that are the same for the same fault."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, {frame.name}"


def verdict(target: str, data: bytes) -> str:
    """What is wrong with how the target takes an input, '' when nothing is."""
    run = TARGETS[target].run
    before = peak_memory()
    least = math.inf
    for _ in range(5):
        slower = slowness()
        began = time.process_time()
        try:
            run(data)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            return fault_of(error)
        least = min(least, (time.process_time() - began) / slower)
        if least <= seconds_allowed(len(data)):
            break
    else:
        return SLOW
    if peak_memory() - before > memory_allowed(len(data)):
        return LARGE
    return ""


if __name__ == "__main__":
    print(verdict(sys.argv[1], Path(sys.argv[2]).read_bytes()))
