"""The program in which the engine runs: `python -m fuzz.session TARGET KNOWN [OPTION OF LIBFUZZER...]`.

It ends at the first input that raises, takes too long or takes too much memory, and writes that to a file.
KNOWN names faults, a line each, that are passed over: the search goes on behind them.
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["mailcall.message", "mailcall.grammar"]):
    from fuzz.examining import LARGE, SLOW, fault_of, memory_allowed, peak_memory, seconds_allowed
    from fuzz.mutator import mutate
    from fuzz.targets import TARGETS

_SLOWER = 8  # times as long as allowed: watched code is slow, and what is quadratic goes beyond this too


def main() -> None:
    """Fuzz one target until libFuzzer has enough."""
    run = TARGETS[sys.argv.pop(1)].run
    known = set(sys.argv.pop(1).splitlines())

    def watched(data: bytes) -> None:
        memory = peak_memory()
        began = time.process_time()
        try:
            run(data)
        except Exception as error:
            if fault_of(error) not in known:
                raise
        if SLOW not in known and time.process_time() - began > _SLOWER * seconds_allowed(len(data)):
            raise TimeoutError(SLOW)
        if LARGE not in known and peak_memory() - memory > memory_allowed(len(data)):
            raise MemoryError(LARGE)

    def changed(data: bytes, most: int, number: int) -> bytes:
        return mutate(data, most, number, atheris.Mutate)

    atheris.Setup(sys.argv, watched, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
