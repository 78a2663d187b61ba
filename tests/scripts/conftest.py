"""A copy of what sets a machine up, in a folder of its own, so that nothing touches the real environment."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a blank in its path, and no environment."""
    folder = tmp_path / "a checkout"
    for name in ("scripts", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "mailcall"):
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def run(checkout: Path) -> Run:
    """Run a command in the checkout, on a machine that knows nothing but what it is told."""

    def run_in_checkout(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
        plain = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(checkout.parent), **env}
        return subprocess.run(
            command, cwd=checkout, env=plain, capture_output=True, text=True, timeout=60, check=False
        )

    return run_in_checkout
