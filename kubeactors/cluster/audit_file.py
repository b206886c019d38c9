"""A log file that is rotated: when it is full it is renamed, with the time in its name, and old ones are deleted.

Source: gopkg.in/natefinch/lumberjack.v2, lumberjack.go, which kube-apiserver v1.36 uses.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kubeactors.cluster.spec import AuditLog

MEGABYTE = 1024 * 1024
_TIME = "%Y-%m-%dT%H-%M-%S.%f"
_MILLISECOND = timedelta(milliseconds=1)


class AuditFile:
    """The file of an audit log, for one writer. `now` returns the time in UTC.

    Raises:
        OSError: the file cannot be opened for appending.
    """

    def __init__(self, log: AuditLog, now: Callable[[], datetime]) -> None:
        self._log = log
        self._path = Path(log.path)
        self._now = now
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = self._open()
        self._size = os.fstat(self._descriptor).st_size

    def write(self, lines: Sequence[bytes]) -> None:
        """Append lines, each to one file.

        Raises:
            OSError: they could not be written, or not all of them.
        """
        most = self._log.max_size_megabytes * MEGABYTE
        for number, part in enumerate(parts(lines, self._size, most)):
            if number:
                self._rotate()
            write_all(self._descriptor, b"".join(part))
            self._size += sum(map(len, part))

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _open(self) -> int:
        return os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, mode=0o600)

    def _rotate(self) -> None:
        moment = self._now()
        while (backup := self._path.with_name(backup_name(self._path.name, moment))).exists():
            moment += _MILLISECOND
        self._path.rename(backup)
        before, self._descriptor = self._descriptor, self._open()
        os.close(before)
        self._size = 0
        names = (one.name for one in self._path.parent.iterdir())
        for name in outdated(self._path.name, names, self._log, moment):
            self._path.with_name(name).unlink(missing_ok=True)


def parts(lines: Sequence[bytes], size: int, most: int) -> Iterator[list[bytes]]:
    """Divide lines among files: the first has `size` bytes already, each may have `most` (0: any number).

    A line that is longer than that has a file of its own.

    >>> [*parts([b"aa", b"bb", b"cccccc", b"d"], size=1, most=4)]
    [[b'aa'], [b'bb'], [b'cccccc'], [b'd']]
    """
    gathered: list[bytes] = []
    for line in lines:
        if most and size and size + len(line) > most:
            yield gathered
            gathered, size = [], 0
        gathered.append(line)
        size += len(line)
    yield gathered


def write_all(descriptor: int, data: bytes) -> None:
    """Write data to a descriptor, which may take it in pieces.

    Raises:
        OSError: it could not be written, or not all of it.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def backup_name(name: str, moment: datetime) -> str:
    """The name of a full file.

    >>> backup_name("audit.log", datetime(2026, 1, 2, 3, 4, 5, 6789, tzinfo=UTC))
    'audit-2026-01-02T03-04-05.006.log'
    """
    path = Path(name)
    return f"{path.stem}-{moment.strftime(_TIME)[:-3]}{path.suffix}"


def outdated(name: str, names: Iterator[str], log: AuditLog, now: datetime) -> list[str]:
    """Which of the names are full files of the log `name` that are too many or too old, by the times in them.

    >>> log = AuditLog(path="a.log", max_backups=1, max_age_days=2)
    >>> found = ["a.log", "a-2026-01-01T00-00-00.000.log", "a-2026-01-02T00-00-00.000.log", "a-b.log"]
    >>> outdated("a.log", iter(found), log, datetime(2026, 1, 3, tzinfo=UTC))
    ['a-2026-01-01T00-00-00.000.log']
    """
    backups = sorted(((moment, one) for one in names if (moment := _moment(name, one))), reverse=True)
    kept = log.max_backups or len(backups)
    oldest = now - timedelta(days=log.max_age_days) if log.max_age_days else None
    return [
        one for place, (moment, one) in enumerate(backups) if place >= kept or (oldest is not None and moment < oldest)
    ]


def _moment(name: str, backup: str) -> datetime | None:
    """The time in the name of a full file; None if it is none."""
    path = Path(name)
    start, end = f"{path.stem}-", path.suffix
    if not backup.startswith(start) or not backup.endswith(end):
        return None
    try:
        return datetime.strptime(backup[len(start) : len(backup) - len(end)], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
