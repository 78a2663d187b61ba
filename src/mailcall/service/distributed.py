"""The job engine of a desk on PostgreSQL: Procrastinate's workers, on threads of this process.

A job is still only a nudge, here a row of Procrastinate's table: any worker may take it, at once. Who works
alone on what is said by leases, and the desk's tables are the truth. So a row that is lost does no harm, nor
does one that comes twice.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import psycopg
import structlog
from django.db import connection
from procrastinate import App
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector

from mailcall.nudges import INSERT
from mailcall.service.engine import Key, run_job
from mailcall.service.leases import LEASE_SECONDS
from mailcall.service.troubles import database_outage, one_line

log = structlog.get_logger("service.engine")

HEARTBEAT_SECONDS = 5.0
# Then a worker is taken for dead. Its leases have run out before, so that whoever takes over finds them free.
DEAD_SECONDS = LEASE_SECONDS + 2 * HEARTBEAT_SECONDS
POLL_SECONDS = 2.0  # should a notification be lost, as when the connection was
PAUSE_SECONDS = 1.0

T = TypeVar("T")

_TAKE_OVER = """
WITH left_behind AS (
    DELETE FROM procrastinate_jobs AS job
    WHERE status = 'doing' AND NOT EXISTS (
        SELECT FROM procrastinate_workers AS worker
        WHERE worker.id = job.worker_id AND last_heartbeat > now() - make_interval(secs => %s)
    )
    RETURNING task_name, args ->> 'argument' AS argument
)
SELECT DISTINCT task_name, argument FROM left_behind
"""


def jobs_left_behind() -> list[Key]:
    """Take the jobs of dead and frozen workers from Procrastinate's table, to be nudged anew."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OVER, [DEAD_SECONDS])
        return list(cursor.fetchall())


class DistributedEngine:
    """Runs jobs for which any worker of the desk was nudged. The same methods as `engine.Engine`."""

    def __init__(self, jobs: Mapping[str, Callable[[str], None]], threads: int) -> None:
        """`jobs` by name; each takes one argument. At most `threads` of them run at once in this process."""
        self._jobs = jobs
        self._threads = threads
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._nudges: dict[Key, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name=f"jobs-{'-'.join(jobs)}", daemon=True)

    def start(self) -> None:
        """Begin to run jobs."""
        self._thread.start()

    def nudge(self, job: str, argument: str = "") -> None:
        """Have a job run soon, here or elsewhere. Safe from any thread; never waits for the database."""
        with self._lock:
            self._nudges[job, argument] = None
        self._awake()

    def stop(self, seconds: float) -> bool:
        """Begin nothing new, and wait for what runs; whether all ended in time."""
        self._ending.set()
        self._awake()
        self._thread.join(max(0.0, seconds))
        return not self._thread.is_alive()

    def _awake(self) -> None:
        with self._lock:
            if self._loop:
                self._loop.call_soon_threadsafe(self._wake.set)

    def _work(self) -> None:
        while True:
            try:
                asyncio.run(self._serve())
            except Exception:
                log.exception("engine failed", jobs=list(self._jobs))
            if self._ending.wait(PAUSE_SECONDS):
                break

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._threads))  # where Procrastinate runs our jobs
        database = _Database(f"{'-'.join(self._jobs)} engine", self._ending)
        await database.open_async()
        with self._lock:
            self._loop, self._wake = loop, asyncio.Event()
        try:
            await self._work_and_nudge(database)
        finally:
            with self._lock:
                self._loop = None
            await database.close_async()

    async def _work_and_nudge(self, database: "_Database") -> None:
        """Work, and hand on nudges, until told to stop; then hand on those of the last jobs."""
        worker = asyncio.create_task(self._keep_working(self._app(database)))
        while not self._ending.is_set():
            await self._hand_on(database)
            await self._wake.wait()
            self._wake.clear()
        worker.cancel()  # which waits for the jobs in hand
        await asyncio.wait([worker])
        await self._hand_on(database)

    def _app(self, database: "_Database") -> App:
        app = App(connector=database)
        for job in self._jobs:
            app.task(name=job, queue=job)(partial(self._run, job))
        return app

    async def _keep_working(self, app: App) -> None:
        while not self._ending.is_set():
            try:
                await app.run_worker_async(
                    queues=list(self._jobs),
                    concurrency=self._threads,
                    fetch_job_polling_interval=POLL_SECONDS,
                    abort_job_polling_interval=3600.0,  # nobody aborts jobs
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=DEAD_SECONDS,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
            except Exception as error:  # noqa: BLE001  such as that it froze, and others struck it off
                if not self._ending.is_set():
                    log.warning("worker begins anew", jobs=list(self._jobs), error=one_line(error))
                    await asyncio.sleep(PAUSE_SECONDS)

    def _run(self, job: str, argument: str = "") -> None:
        run_job(self._jobs[job], job, argument)
        if self._ending.is_set():  # it may have been cut short, and another worker can go on at once
            self.nudge(job, argument)

    async def _hand_on(self, database: "_Database") -> None:
        with self._lock:
            nudges, self._nudges = self._nudges, {}
        if nudges:
            jobs, arguments = zip(*nudges, strict=True)
            try:
                await database.execute_query_async(INSERT, jobs=list(jobs), arguments=list(arguments))
            except ConnectorException as error:
                log.warning("nudges lost", error=one_line(error))


class _Database(PsycopgConnector):
    """Procrastinate's connections, which wait for a database that is away instead of ending the worker."""

    def __init__(self, name: str, ending: threading.Event) -> None:
        parameters = connection.get_connection_params()
        for not_libpqs in ("cursor_factory", "context"):
            parameters.pop(not_libpqs, None)
        super().__init__(
            kwargs=parameters, name=name, min_size=1, max_size=1, timeout=5.0, reconnect_timeout=5.0
        )
        self._name = name
        self._ending = ending

    async def open_async(self, pool: Any = None) -> None:
        try:
            await super().open_async(pool)
        except psycopg.OperationalError as error:  # the pool goes on trying
            database_outage.seen(self._name, error)

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        try:
            await self._patiently(partial(super().execute_query_async, query, **arguments))
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                raise
            log.debug("job was taken over", error=one_line(error))  # while we were frozen

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        return await self._patiently(partial(super().execute_query_one_async, query, **arguments))

    async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        return await self._patiently(partial(super().execute_query_all_async, query, **arguments))

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        await self._patiently(partial(super().listen_notify, on_notification, channels))

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                answer = await ask()
            except ConnectorException as error:
                if self._ending.is_set() or not isinstance(error.__cause__, psycopg.OperationalError):
                    raise
                database_outage.seen(self._name, error)
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                database_outage.over(self._name)
                return answer
