"""A bounded search for inputs that raise, take too long or too much memory; finds are kept as cases."""

import os
import subprocess
import sys

import pytest

from fuzz.targets import TARGETS
from installations import SOURCE

SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 240)
@pytest.mark.parametrize("target", TARGETS)
def test_the_fuzzer_finds_nothing(target: str) -> None:
    pytest.importorskip("atheris", reason="the fuzzing engine is for Linux on x86-64 only")
    command = [sys.executable, "-m", "fuzz.run", target, "--seconds", str(SECONDS)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (SOURCE, SOURCE.parent / "tests")))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
