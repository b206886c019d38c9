"""What a long-running command logs: to stderr, as Python does unless it is told otherwise."""

import logging

from kubeactors.cluster import StorageError


def without_traceback(record: logging.LogRecord) -> bool:
    """A filter that leaves out the traceback of a `StorageError`, whose message says what is wrong and what to do."""
    if record.exc_info and isinstance(record.exc_info[1], StorageError):
        record.exc_info = None
    return True


def log_to_stderr() -> None:
    """Warnings and errors, unless a program has said where logs go."""
    handler = logging.StreamHandler()
    handler.addFilter(without_traceback)
    logging.basicConfig(handlers=[handler], format="%(message)s", level=logging.WARNING)
