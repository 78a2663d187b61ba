"""The program in which the fuzzing engine runs: `python -m fuzz.session TARGET [OPTION OF LIBFUZZER...]`.

It ends at the first input that raises, takes too long or takes too much memory, and writes that to a file.
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["mailcall.message"]):
    from fuzz.examining import memory_allowed, peak_memory, seconds_allowed
    from fuzz.mutator import mutate
    from fuzz.targets import TARGETS

_SLOWER = 4  # how much longer code that is watched may take


def main() -> None:
    """Fuzz one target until libFuzzer has enough."""
    run = TARGETS[sys.argv.pop(1)].run

    def watched(data: bytes) -> None:
        memory = peak_memory()
        began = time.process_time()
        run(data)
        if time.process_time() - began > _SLOWER * seconds_allowed(len(data)):
            raise TimeoutError("slow")
        if peak_memory() - memory > memory_allowed(len(data)):
            raise MemoryError("large")

    def changed(data: bytes, most: int, number: int) -> bytes:
        return mutate(data, most, number, atheris.Mutate)

    atheris.Setup(sys.argv, watched, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
