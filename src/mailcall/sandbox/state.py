"""Where the running demo is, in a file, so that `mailcall mail` and the pages find it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


class NotRunningError(Exception):
    """No demo runs on this data folder. The text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """A running demo."""

    smtp_host: str
    smtp_port: int
    base_url: str
    pid: int


def mail_dir(data_dir: Path) -> Path:
    """Where the sandbox of this data folder keeps its mailboxes."""
    return data_dir / "sandbox" / "mail"


def write(data_dir: Path, smtp_host: str, smtp_port: int, base_url: str, pid: int | None = None) -> State:
    """Say where the demo of this data folder is; `pid` is this process by default. Raises OSError."""
    state = State(smtp_host, smtp_port, base_url.rstrip("/"), os.getpid() if pid is None else pid)
    path = _path(data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    temporary.write_text(json.dumps(asdict(state), indent=2) + "\n", "utf-8")
    temporary.replace(path)
    return state


def read(data_dir: Path) -> State:
    """The demo that runs on this data folder. Raises NotRunningError."""
    path = _path(data_dir)
    hint = "`mailcall demo` starts one."
    try:
        values = json.loads(path.read_text("utf-8"))
        state = State(
            str(values["smtp_host"]), int(values["smtp_port"]), str(values["base_url"]), int(values["pid"])
        )
    except FileNotFoundError:
        raise NotRunningError(f"No demo runs on the data folder {data_dir}; {hint}") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise NotRunningError(f"{path} can't be read, so the demo can't be found; {hint}") from None
    if not _alive(state.pid):
        raise NotRunningError(f"The demo on the data folder {data_dir} has ended; {hint}")
    return state


def remove(data_dir: Path) -> None:
    """Say that the demo has ended. Doing it again is no error."""
    _path(data_dir).unlink(missing_ok=True)


def _path(data_dir: Path) -> Path:
    return data_dir / "sandbox" / "state.json"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OverflowError:
        return False
    return pid > 0
