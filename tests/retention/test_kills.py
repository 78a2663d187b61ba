"""Killed wherever it hurts, the next run goes on: what should go goes, and what should stay stays."""

import os
from pathlib import Path

from desks import mail
from installations import ON_POSTGRESQL, installation

DESK = """
partitions:
  - {{name: IT, address: support@desk.example}}
call_templates:
  - {{name: Mail, partition: IT}}
incoming_accounts:
  - {{name: Support, address: support@desk.example, protocol: maildir, path: {inbox}, template: Mail}}
retention_rules:
  - {{name: Raw, removes: raw_mail, after_days: 30, active: true}}
"""
PAST = "now() - interval '99 days'" if ON_POSTGRESQL else "datetime('now', '-99 days')"


def test_killed_at_each_step_the_next_run_goes_on(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    for part in ("new", "cur", "tmp"):
        (inbox / part).mkdir(parents=True)
    with installation(tmp_path / "installation") as made:
        made.load(DESK.format(inbox=inbox))
        for number in range(3):
            (inbox / "new" / f"{number}.x").write_bytes(mail(text=f"{number}" * 400_000))
        made.cli("collect", "--once")
        files = [path for path in (made.data / "files").rglob("*") if path.is_file()]
        assert len(files) == 3
        made.change(f"UPDATE inbound_receivedmail SET acted_at = {PAST} WHERE id < 3")
        for path in files:
            os.utime(path, (1, 1))
        left = "SELECT count(*) FROM inbound_receivedmail WHERE raw_removed_at IS NULL"
        run = ("retention", "run", "--apply", "--yes")

        def killed(at: str) -> None:
            made.cli(*run, status=-9, MAILCALL_KILL_AT=at)
            if ON_POSTGRESQL:
                made.change("DELETE FROM service_lease")  # as if half a minute had passed

        killed("retention.removed:2")  # the first is the preview's
        assert made.count(left) == 3
        killed("retention.committed:2")
        assert made.count(left) == 1
        assert all(path.exists() for path in files)
        made.cli(*run)
        assert sum(path.exists() for path in files) == 1
        made.change(f"UPDATE inbound_receivedmail SET acted_at = {PAST}")
        killed("retention.aside")
        assert made.count(left) == 0
        assert not any(path.exists() for path in files)
        made.cli(*run)
        assert not [path for path in (made.data / "files").rglob("*") if path.is_file()]
        assert "stopped" in made.cli("retention", "audit")
