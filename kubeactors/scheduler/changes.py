"""A log of changed rows, with which each reader catches up at its own pace."""

_KEPT_AT_LEAST = 4096


class ChangeLog:
    """A log of row numbers. Readers hold a position; the older half is dropped when the log is long."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._start = 0

    @property
    def position(self) -> int:
        """The position of the next change."""
        return self._start + len(self._rows)

    def add(self, row: int) -> None:
        """Log a change of the row."""
        self._rows.append(row)
        if len(self._rows) >= 2 * _KEPT_AT_LEAST:
            del self._rows[:_KEPT_AT_LEAST]
            self._start += _KEPT_AT_LEAST

    def since(self, position: int) -> list[int] | None:
        """The rows that changed since the position, each once; None if the log no longer reaches back that far.

        >>> log = ChangeLog()
        >>> for row in (3, 1, 3):
        ...     log.add(row)
        >>> log.since(0), log.since(3)
        ([3, 1], [])
        """
        if position < self._start:
            return None
        return list(dict.fromkeys(self._rows[position - self._start :]))
