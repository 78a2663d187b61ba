"""What the fuzzer once found never happens again."""

from pathlib import Path

import pytest

from fuzz.mutator import mutate
from fuzz.samples import SAMPLES
from fuzz.targets import TARGETS

CASES = sorted(path for path in (Path(__file__).parent / "cases").glob("*/*") if path.is_file())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
@pytest.mark.timeout(20)
def test_a_find_of_the_fuzzer_is_read(case: Path) -> None:
    TARGETS[case.parent.name].run(case.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_every_sample_is_read_whole_and_changed(name: str) -> None:
    target = TARGETS[name]
    for sample in SAMPLES[target.samples]:
        target.run(sample)
        for number in range(10):
            target.run(mutate(sample, 20_000, number, lambda data, most: data[:most]))
