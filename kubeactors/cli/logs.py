"""The log of a long-running command: on standard error, Python's default."""

import logging

from kubeactors.cluster import StorageError


def without_traceback(record: logging.LogRecord) -> bool:
    """A filter that leaves out the traceback of a `StorageError`, whose message says what is wrong and what to do."""
    if record.exc_info and isinstance(record.exc_info[1], StorageError):
        record.exc_info = None
    return True


def log_to_stderr() -> None:
    """Write warnings and errors to standard error, unless logging is configured already."""
    handler = logging.StreamHandler()
    handler.addFilter(without_traceback)
    logging.basicConfig(handlers=[handler], format="%(message)s", level=logging.WARNING)
