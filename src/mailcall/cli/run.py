"""`mailcall run` and `mailcall demo`: the Messaging Service and the pages, started and stopped together."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click

from mailcall.cli.ready import migrate_database, ready
from mailcall.config import config

PORT = click.IntRange(1, 65_535)


@click.command()
@click.option("--web/--no-web", default=True, help="Serve the pages (the default).")
@click.option("--service/--no-service", default=True, help="Run the Messaging Service (the default).")
def run(web: bool, service: bool) -> None:
    """Run the Messaging Service and the pages until SIGTERM or Ctrl-C."""
    if web:
        _port_is_free(config().listen_host, config().listen_port)
    if service and config().metrics_listen:
        host, _, number = config().metrics_listen.rpartition(":")
        _port_is_free(host.strip("[]"), int(number))
    ready(migrated=False)
    with _only_one() if service else contextlib.nullcontext():
        done = migrate_database()
        if done:
            click.echo(f"Brought the database up to date ({done} migrations).", err=True)
        if web:
            click.echo(f"The pages are at {config().base_url}/ (served on {config().listen}).", err=True)
        _run(web=web, service=service)


@click.command()
@click.option("--port", type=PORT, default=8025, show_default=True, help="Port of the pages.")
@click.option(
    "--smtp-port",
    type=PORT,
    default=2525,
    show_default=True,
    help="Port of its mail sandbox.",
)
@click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder; `demo-data` by default."
)
def demo(port: int, smtp_port: int, data_dir: Path | None) -> None:
    """Run a sample desk with a mail world of its own, on this machine only."""
    folder = data_dir or Path(os.environ.get("MAILCALL_DATA_DIR", "demo-data"))
    address = f"127.0.0.1:{port}"
    os.environ |= {
        "MAILCALL_DATA_DIR": str(folder.absolute()),
        "MAILCALL_DATABASE_URL": "",  # the sample never goes into this machine's desk
        "MAILCALL_LISTEN": address,
        "MAILCALL_BASE_URL": f"http://{address}",
        "MAILCALL_DEMO": "true",
        "MAILCALL_LMTP_LISTEN": "",  # a service beside it may listen there
        "MAILCALL_SANDBOX_SMTP": f"127.0.0.1:{smtp_port}",
        "MAILCALL_LOG_LEVEL": os.environ.get("MAILCALL_LOG_LEVEL", "warning"),
    }
    _port_is_free("127.0.0.1", port)
    _port_is_free("127.0.0.1", smtp_port)
    first = not config().database_path.exists()
    ready(migrated=False)
    with _only_one():
        doing = "Preparing the sample desk" if first else "Continuing the demo"
        click.echo(f"{doing} in {config().data_dir} ...")
        migrate_database()
        _demo(smtp_port)


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Hold the data folder for this service, or say that another has it."""
    from mailcall.service.locks import Busy, alone_here
    from mailcall.service.troubles import explain

    with contextlib.ExitStack() as held:
        try:
            held.enter_context(alone_here("service"))
        except OSError as error:
            raise click.ClickException(explain(error)) from None
        except Busy:
            raise click.ClickException(
                f"Mailcall runs on the data folder {config().data_dir} already; stop it, or name another "
                "folder by MAILCALL_DATA_DIR."
            ) from None
        yield


def _demo(smtp_port: int) -> None:
    from mailcall.sandbox import sample, state
    from mailcall.sandbox.smtp import SandboxServer

    mail_dir = config().data_dir / "sandbox" / "mail"
    server = SandboxServer(mail_dir, "127.0.0.1", smtp_port)
    server.start()
    try:
        sample.prepare(mail_dir, "127.0.0.1", smtp_port)
        state.write(config().data_dir, "127.0.0.1", smtp_port, config().base_url)
        threading.Thread(target=_welcome, args=(smtp_port,), daemon=True).start()
        _run(web=True, service=True)
    finally:
        server.stop()
        state.remove(config().data_dir)
        click.echo("Stopped. Run it again to continue where you left.")


def _welcome(smtp_port: int) -> None:
    """Print where everything is once the pages answer."""
    from mailcall.sandbox.sample import SIGN_INS

    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex((config().listen_host, config().listen_port)) == 0:
                break
        time.sleep(0.1)
    base = config().base_url
    width = max(len(label) for label, _, _ in SIGN_INS)
    sign_ins = "\n".join(
        f"    {label:<{width}}  {email}  password {password}" for label, email, password in SIGN_INS
    )
    command = "./mailcall" if Path("mailcall").is_file() else "mailcall"
    click.echo(
        f"""
  Mailcall is running.

  Desk:       {base}/
  Mailboxes:  {base}/sandbox/   (what the customers see)
  Sign in as:
{sign_ins}

  Send a mail, in another terminal or with any SMTP client (127.0.0.1 port {smtp_port}, no sign-in):
    {command} mail --from ann@customer.example --subject "My laptop is dead" --body "It no longer starts."

  Ctrl-C stops it.
"""
    )


def _run(*, web: bool, service: bool) -> None:
    from mailcall.service.messaging import run_until_signalled

    pages = Pages() if web else None
    if pages:
        pages.start()
    try:
        finished = run_until_signalled() if service else _wait_for_signal()
    finally:
        if pages:
            pages.stop()
    if not finished:
        # Threads that hang in the network are left behind; every step is safe to kill.
        sys.stdout.flush()
        os._exit(0)


def _wait_for_signal() -> bool:
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    while not end.wait(1.0):
        pass
    return True


class Pages:
    """The web server in a process of its own, started again should it die."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()

    def start(self) -> None:
        """Begin to serve."""
        threading.Thread(target=self._keep, name="pages", daemon=True).start()

    def stop(self) -> None:
        """End it, and wait for it."""
        self._ending.set()
        if process := self._process:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            _kill_group(process)

    def _keep(self) -> None:
        while not self._ending.is_set():
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "mailcall.web.serve"], start_new_session=True
            )
            self._process.wait()
            _kill_group(self._process)
            if not self._ending.wait(1.0):
                click.echo("The web server ended; starting it again.", err=True)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the web server: its workers outlive a main process that was killed."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _port_is_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} of {host} can't be used ({error.strerror}). Is Mailcall, or something else, "
                "running there already? Stop it or choose another port."
            ) from None
