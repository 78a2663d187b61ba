"""Fill .venv for one profile, saying what is installed and, if it fails, why in one sentence.

Called by scripts/setup, before anything is installed: standard library only.
"""

import fcntl
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = ROOT / ".cache" / "setup.log"
LOCKED = {"runtime": "requirements/runtime.txt", "test": "requirements/dev.txt"}
FREE_MB = {"runtime": 400, "test": 2500}
SECONDS_BETWEEN_LINES = 3.0

# What a log says, and what that means. The first that fits is the cause: a full disk or a bad certificate
# is also reported as a failed download, and a failed download as a package that does not exist.
CAUSES = [
    (r"No space left on device|enough free space|Disk quota exceeded", "the disk is full"),
    (r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError|certificate verif", "the package index showed a "
     "certificate that this machine does not trust (a proxy's certificate has to be made known to pip)"),
    (r"ProxyError|Tunnel connection failed|407 Proxy", "the proxy refused the connection"),
    (r"Temporary failure (in name resolution|resolving)|Name or service not known|nodename nor servname|"
     r"Could not (resolve|connect)|NewConnectionError|ConnectTimeout|Read timed out|ReadTimeout|"
     r"Connection (refused|reset)|Network is unreachable|Failed to fetch|from versions: none",
     "there is no network, or the place that packages are fetched from is out of reach"),
    (r"DO NOT MATCH THE HASHES", "a package is not the one that was locked: its hash differs from the one in "
     "requirements/"),
    (r"Could not get lock|Unable to acquire the dpkg frontend lock", "another program is installing Debian "
     "packages just now"),
    (r"Unable to locate package (\S+)|Package '?(\S+?)'? has no installation candidate",
     "this machine's Debian sources do not have the package {}"),
    (r"No matching distribution found for (\S+)", "there is no build of {} for this Python and this system"),
    (r"Permission denied|Read-only file system", "a folder is not writable"),
]  # fmt: skip


class SetupError(Exception):
    """Why the environment could not be made, as a sentence for people."""


def main(profile: str) -> int:
    """Make the environment for one profile; the exit code."""
    try:
        with only_one_at_a_time():
            check_disk(FREE_MB[profile])
            install_debian_packages(missing_debian_packages(profile))
            unpack_cyrus(profile)
            make_venv()
            install_python_packages(ROOT / LOCKED[profile])
            link_package()
    except SetupError as error:
        print(f"mailcall: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mailcall: stopped; run it again to go on.", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"mailcall: {error.filename or ROOT}: {error.strerror or error}.", file=sys.stderr)
        return 1
    return 0


@contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Hold the lock of this checkout, so that two set-ups do not write to one environment."""
    LOG.parent.mkdir(exist_ok=True)
    with (LOG.parent / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        LOG.write_text("")
        yield


def check_disk(needed_mb: int) -> None:
    """Refuse to begin what a nearly full disk would break off halfway."""
    free_mb = shutil.disk_usage(ROOT).free // 2**20
    if (VENV / "made-from-runtime").exists():
        needed_mb //= 5  # most of it is there already
    if free_mb < needed_mb:
        raise SetupError(
            f"the disk is full: {free_mb} MB are free and {needed_mb} MB are needed under {ROOT}"
        )


def missing_debian_packages(profile: str) -> list[str]:
    """Return the Debian packages still to be installed; elsewhere, say what is done without."""
    wanted = []
    if profile == "test":
        lines = (ROOT / "requirements" / "debian.txt").read_text().splitlines()
        wanted = [line for line in lines if not line.startswith("#")]
    if not on_debian():
        if wanted:
            say(f"this is not Debian, so these are not installed: {', '.join(wanted)}")
            say("tests that need a server or browser which is not here are skipped, and say so at the end")
        return []
    missing = [package for package in wanted if not is_installed(package)]
    if missing and os.environ.get("MAILCALL_REQUIRE_SERVERS") == "0":
        say(f"as MAILCALL_REQUIRE_SERVERS=0 asks, these are not installed: {', '.join(missing)}")
        missing = []
    if not can_make_venvs():
        missing.append(venv_package())
    return missing


def on_debian() -> bool:
    """Whether this is Debian itself; relatives name and build the packages differently."""
    release = Path("/etc/os-release")
    return release.exists() and "ID=debian" in release.read_text().splitlines()


def is_installed(package: str) -> bool:
    """Whether a Debian package is installed in full."""
    status = ["dpkg-query", "-W", "-f", "${db:Status-Status}", package]
    return subprocess.run(status, capture_output=True, text=True, check=False).stdout == "installed"


def can_make_venvs() -> bool:
    """Whether this Python has pip for new environments; Debian's keeps it in a package of its own."""
    return importlib.util.find_spec("ensurepip") is not None


def venv_package() -> str:
    """Return Debian's name for the part of this Python that makes environments."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}-venv"


def install_debian_packages(packages: list[str]) -> None:
    """Install Debian packages as root or through sudo."""
    if not packages:
        return
    prefix = [] if os.geteuid() == 0 else sudo(packages)
    say(f"installing Debian packages: {', '.join(packages)}")
    command = [*prefix, "sh", str(ROOT / "scripts" / "debian-packages"), *packages]
    run(command, "Debian packages", apt_progress)


def unpack_cyrus(profile: str) -> None:
    """Unpack the tests' second mail server, which Debian doesn't let be installed beside the first."""
    if profile != "test" or not on_debian() or os.environ.get("MAILCALL_REQUIRE_SERVERS") == "0":
        return
    run(["sh", str(ROOT / "scripts" / "unpack-cyrus")], "Cyrus", apt_progress)


def apt_progress(line: str) -> str:
    """Return what a line of apt's means for somebody who waits."""
    if line.startswith("Get:"):
        words = line.split()
        return f"Getting {words[4]}" if len(words) > 7 else "Getting the package lists"
    return line if line.startswith(("Need to get", "Unpacking", "Setting up")) else ""


def sudo(packages: list[str]) -> list[str]:
    """Return the words that make a command root's, or say what an administrator has to install."""
    quiet = ["sudo", "-n"]
    if shutil.which("sudo"):
        if subprocess.run([*quiet, "true"], capture_output=True, check=False).returncode == 0:
            return quiet
        if sys.stdin.isatty() and subprocess.run(["sudo", "-v"], check=False).returncode == 0:
            return quiet
    raise SetupError(
        "Debian packages are missing, and installing them takes root or sudo: have an administrator run "
        f"`apt-get install {' '.join(packages)}`, then run this again"
    )


def make_venv() -> None:
    """Make .venv, unless there is one that works."""
    python = VENV / "bin" / "python"
    if python.exists():
        works = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
        if works.returncode == 0:
            return
    if not can_make_venvs():
        raise SetupError(
            f"{sys.executable} cannot make environments (it has no ensurepip): install the package that "
            f"your system keeps it in (often {venv_package()})"
        )
    say(f"making .venv with Python {platform.python_version()}")
    run([sys.executable, "-m", "venv", "--clear", str(VENV)], ".venv")


def install_python_packages(requirements: Path) -> None:
    """Install what one requirements file locks, each package checked against its hash."""
    say(f"installing Python packages: {requirements.relative_to(ROOT)}")
    pip = [VENV / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    options = ["--progress-bar=off", "--require-hashes", "-r", str(requirements)]
    run([*map(str, pip), *options], "Python packages", pip_progress)


def pip_progress(line: str) -> str:
    """Return what a line of pip's means for somebody who waits."""
    if line.startswith("Collecting "):
        return f"Getting {line.split()[1]}"
    if line.startswith("Installing collected packages"):
        return f"Unpacking {line.count(',') + 1} packages"
    return ""


def link_package() -> None:
    """Make this checkout importable in .venv and put its command there, with nothing built or fetched."""
    python = VENV / "bin" / "python"
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    folder = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    (Path(folder) / "mailcall.pth").write_text(f"{ROOT / 'src'}\n")
    command = VENV / "bin" / "mailcall"
    # A first line for sh instead of `#!python`, as that allows neither blanks nor long paths; to Python,
    # the exec is a string.
    command.write_text(
        f"#!/bin/sh\n'''exec' {shlex.quote(str(python))} \"$0\" \"$@\"\n' '''\n"
        "import sys\nfrom mailcall.cli import main\nsys.exit(main())\n"
    )
    command.chmod(0o755)
    say("ready")


def run(command: list[str], what: str, progress: Callable[[str], str] = lambda _: "") -> None:
    """Run a command: its output to the log, a line of progress now and then, a sentence if it fails."""
    said, last = 0.0, ""
    lines: list[str] = []
    env = {**os.environ, "LC_ALL": "C", "PYTHONUNBUFFERED": "1"}
    with LOG.open("a", errors="replace") as log:
        log.write(f"$ {shlex.join(command)}\n")
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=ROOT, env=env, text=True, errors="replace",
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                lines.append(line.strip())
                news = progress(lines[-1])
                is_next_phase = news.split()[:1] != last.split()[:1]
                if news and (is_next_phase or time.monotonic() - said >= SECONDS_BETWEEN_LINES):
                    said, last = time.monotonic(), news
                    print(f"  {news[:100]}", flush=True)
    if process.returncode:
        log_file = LOG.relative_to(ROOT)
        raise SetupError(f"{what} could not be installed: {cause(lines)}; the log is {log_file}")


def cause(lines: list[str]) -> str:
    """Say in a clause why an installation failed, from what it wrote."""
    if shutil.disk_usage(ROOT).free < 2**20:
        return CAUSES[0][1]
    for pattern, meaning in CAUSES:
        if found := re.search(pattern, "\n".join(lines)):
            return meaning.format(*filter(None, found.groups()))
    last = next((line for line in reversed(lines) if line), "nothing")
    return f"its last words were {last[:200]!r}"


def say(words: str) -> None:
    """Print one line of what is going on."""
    print(f"mailcall: {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
