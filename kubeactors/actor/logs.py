"""The actors' log: constant event names, data in fields."""

from typing import Protocol


class LogSink(Protocol):
    """Writes a line: the driver decides where."""

    def __call__(self, level: str, event: str, path: str, **fields: object) -> None:
        """Write one line."""
        ...


class Logger:
    """A logger bound to an actor's path."""

    __slots__ = ("_path", "_sink")

    def __init__(self, sink: LogSink, path: str) -> None:
        self._sink = sink
        self._path = path

    def debug(self, event: str, **fields: object) -> None:
        """Detail for debugging."""
        self._sink("debug", event, self._path, **fields)

    def info(self, event: str, **fields: object) -> None:
        """Something worth knowing has happened."""
        self._sink("info", event, self._path, **fields)

    def warning(self, event: str, **fields: object) -> None:
        """Something is wrong, and was dealt with."""
        self._sink("warning", event, self._path, **fields)

    def error(self, event: str, **fields: object) -> None:
        """Something is wrong and needs attention."""
        self._sink("error", event, self._path, **fields)
