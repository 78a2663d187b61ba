"""A desk file that is right, and ways to load variations of it."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from mailcall.desk_file.loading import load
from mailcall.desk_file.problems import DeskFileError
from mailcall.desk_file.report import Report

GOOD = """\
partitions:
  - name: IT
    address: support@desk.example
people:
  - name: Ann Lee
    email: ann@desk.example
    analyst: true
    password: {env: ANN_PASSWORD}
  - name: Bob Baker
    email: bob@desk.example
groups:
  - name: Service Desk
    addresses: [team@desk.example, night@desk.example]
    members: [ann@desk.example]
call_templates:
  - name: Mail
    partition: IT
    group: Service Desk
    analyst: ann@desk.example
incoming_accounts:
  - name: Support
    address: support@desk.example
    template: Mail
    server: imap.desk.example
    login: support
    password: {env: IMAP_PASSWORD}
    default_logging_analyst: ann@desk.example
    gateway_tags: ["[EXTERNAL]", "[SPAM?] "]
    trusted_hosts: [mx1.desk.example, mx2.desk.example]
outgoing_servers:
  - name: Out
    server: smtp.desk.example
    partition: IT
"""
ENVIRON = {"ANN_PASSWORD": "correct horse 9", "IMAP_PASSWORD": "imap secret"}

Loader = Callable[..., Report]
Complaints = Callable[..., dict[int, str]]


@pytest.fixture
def load_text(db: None, tmp_path: Path) -> Loader:
    """Load YAML text with the sample's environment."""
    from mailcall.web.logins import set_password

    def load_it(text: str | bytes, *, check_only: bool = False, environ: dict[str, str] = ENVIRON) -> Report:
        data = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
        return load(
            data,
            source="desk.yaml",
            set_password=set_password,
            folder=tmp_path,
            environ=environ,
            check_only=check_only,
        )

    return load_it


@pytest.fixture
def complaints(load_text: Loader) -> Complaints:
    """The sentences of a file that is refused, by line; several of one line are joined."""

    def complain(text: str | bytes, **options: dict[str, str]) -> dict[int, str]:
        with pytest.raises(DeskFileError) as refused:
            load_text(text, **options)
        found: dict[int, str] = {}
        for problem in refused.value.problems:
            found[problem.line] = (found.get(problem.line, "") + " " + problem.sentence).strip()
        return found

    return complain
