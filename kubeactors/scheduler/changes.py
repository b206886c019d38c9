"""Which rows changed, in order, so that each reader catches up with what is new to it."""

_KEPT_AT_LEAST = 4096


class ChangeLog:
    """A log of row numbers. Readers hold a position; the oldest half is forgotten when the log is long."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._start = 0

    @property
    def position(self) -> int:
        """Where the next change will stand."""
        return self._start + len(self._rows)

    def add(self, row: int) -> None:
        """The row has changed."""
        self._rows.append(row)
        if len(self._rows) >= 2 * _KEPT_AT_LEAST:
            del self._rows[:_KEPT_AT_LEAST]
            self._start += _KEPT_AT_LEAST

    def since(self, position: int) -> list[int] | None:
        """The rows that changed from the position on, each once; None if that is no longer known.

        >>> log = ChangeLog()
        >>> for row in (3, 1, 3):
        ...     log.add(row)
        >>> log.since(0), log.since(3)
        ([3, 1], [])
        """
        if position < self._start:
            return None
        return list(dict.fromkeys(self._rows[position - self._start :]))
