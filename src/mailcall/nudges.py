"""Nudges for the workers of a desk on PostgreSQL: rows of Procrastinate's table, which tells them at once.

Whatever changes the tables may nudge: pages, commands, the service itself. The embedded desk needs none: its
sweep finds the work within a second.
"""

from functools import partial

from django.db import connection, transaction

from mailcall.config import config

JOBS = ("collect", "act", "deliver", "sweep", "alarms", "tidy")  # the service's that may be asked for

# Not by Procrastinate's own function: where the same job waits already, that fails, which undoes the
# caller's transaction and fills the server's log. One that runs is no hindrance, it is only no longer `todo`.
INSERT = """
INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args)
SELECT job, job, job || '-' || argument, jsonb_build_object('argument', argument)
FROM unnest(%(jobs)s::text[], %(arguments)s::text[]) AS nudge (job, argument)
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
"""


def nudge(job: str, argument: str = "") -> None:
    """Have any worker run a job, once what is being changed is committed. It never fails: the sweep is there.

    Not before the commit: two transactions with the same nudge would wait for each other.
    """
    if not config().embedded:
        transaction.on_commit(partial(_insert, job, argument), robust=True)


def nudge_work(work: str) -> None:
    """Have the job run that does this work, such as `collect-5`, if it is one's."""
    job, _, argument = work.partition("-")
    if job in JOBS:
        nudge(job, argument)


def _insert(job: str, argument: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, {"jobs": [job], "arguments": [argument]})
