"""Runs what needs the libraries that we are compared with, in the environment of `scripts/compared`."""

import json
import subprocess
from pathlib import Path
from typing import Any

_PYTHON = Path(__file__).resolve().parents[2] / ".cache" / "compared" / "bin" / "python"
NOT_MEASURED = "The libraries were not measured: run `scripts/compared` first."


def measured() -> bool:
    """Whether `scripts/compared` has made that environment, so that the libraries can be measured."""
    return _PYTHON.exists()


def run(script: str, question: Any) -> Any:
    """Run a script of this folder there; it reads the question as JSON and writes its answer as JSON."""
    command = [str(_PYTHON), str(Path(__file__).with_name(script))]
    answer = subprocess.run(command, input=json.dumps(question), capture_output=True, check=True, text=True)
    return json.loads(answer.stdout)
