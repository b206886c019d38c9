"""The writer of the audit log.

Lines are gathered and written by a thread, many at once if they come quickly, so that a slow disk does not delay
requests. All of them are written when the log is closed.

Source: apiserver/pkg/server/options/audit.go, plugin/pkg/audit/log/backend.go (v1.36).
"""

import logging
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TypeAlias

import anyio
import anyio.to_thread

from kubeactors.apiserver.audit.trail import WriteLine
from kubeactors.cluster.audit_file import AuditFile, write_all
from kubeactors.cluster.spec import AuditLog

STANDARD_OUTPUT = "-"
_log = logging.getLogger("kubeactors.audit")

Write: TypeAlias = Callable[[Sequence[bytes]], None]


@asynccontextmanager
async def opened(log: AuditLog | None) -> AsyncGenerator[WriteLine | None]:
    """Write the log for the duration of the block; yields what takes its lines, or None if there is no log.

    Raises:
        OSError: the file cannot be opened for appending.
    """
    if log is None:
        yield None
        return
    failure: Exception | None = None
    with ExitStack() as stack:
        lines = _Lines(_writer(log, stack))
        async with anyio.create_task_group() as group:
            group.start_soon(lines.run)
            try:
                yield lines.take
            except Exception as error:  # noqa: BLE001 -- raised below, so that an error of the block is not in a group
                failure = error
            finally:
                lines.close()
    if failure is not None:
        raise failure


def _writer(log: AuditLog, stack: ExitStack) -> Write:
    if log.path == STANDARD_OUTPUT:
        descriptor = sys.stdout.fileno()
        return lambda lines: write_all(descriptor, b"".join(lines))
    file = AuditFile(log, lambda: datetime.now(UTC))  # noqa: TID251 -- rotated files are named in real time
    stack.callback(file.close)
    return file.write


class _Lines:
    """Lines that wait to be written."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: list[bytes] = []
        self._ready = anyio.Event()
        self._closed = False

    def take(self, line: bytes) -> None:
        """Write a line soon."""
        self._waiting.append(line)
        self._ready.set()

    def close(self) -> None:
        """Let `run` end once all lines are written."""
        self._closed = True
        self._ready.set()

    async def run(self) -> None:
        """Write lines until there will be no more. Cancellation waits for that too."""
        with anyio.CancelScope(shield=True):
            while self._waiting or not self._closed:
                await self._ready.wait()
                self._ready = anyio.Event()
                lines, self._waiting = self._waiting, []
                await anyio.to_thread.run_sync(self._attempt, lines)

    def _attempt(self, lines: Sequence[bytes]) -> None:
        try:
            self._write(lines)
        except OSError as error:
            _log.error("audit.write_failed error=%s lines=%d", error.strerror, len(lines))
