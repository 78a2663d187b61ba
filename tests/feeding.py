"""An installation whose accounts have no mailbox: mail is handed over to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from installations import Installation, installation

FED_DESK = """
partitions:
  - {{name: IT, address: it@desk.example}}
  - {{name: HR, address: people@desk.example}}
people:
  - {{name: Bob Baker, email: bob@desk.example, user: false, analyst: true}}
call_templates:
  - {{name: Mail, partition: IT}}
  - {{name: Letter, partition: HR}}
incoming_accounts:
  - {{name: Support, address: support@desk.example, protocol: fed, template: Mail}}
  - {{name: Printers, address: printers@desk.example, protocol: fed, template: Mail}}
  - {{name: Jobs, address: jobs@desk.example, protocol: fed, template: Letter}}
  - {{name: Small, address: small@desk.example, protocol: fed, template: Mail, size_limit: 1}}
  - {{name: Closed, address: off@desk.example, protocol: fed, template: Mail, active: false}}
outgoing_servers:
  - {{name: Out, protocol: maildir, path: {out}}}
"""


@contextmanager
def fed_installation(folder: Path) -> Iterator[Installation]:
    """An installation to hand mail over to; it is not started."""
    out = folder / "out"
    out.mkdir(parents=True)
    with installation(folder / "installation") as made:
        made.load(FED_DESK.format(out=out))
        yield made


def raws(installed: Installation) -> list[bytes]:
    """All small mails of the journal."""
    rows = installed.query("select raw from inbound_receivedmail where raw is not null order by id")
    return [bytes(raw) for (raw,) in rows]
