"""Wall time as text: unix nanoseconds to RFC 3339 in UTC."""

from datetime import UTC, datetime
from functools import lru_cache

_SECOND = 1_000_000_000


@lru_cache(maxsize=64)
def _date_and_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=64)
def _whole(seconds: int) -> str:
    """One text for all that happens in a second: objects hold it."""
    return f"{_date_and_time(seconds)}Z"


def rfc3339(wall: int) -> str:
    """With whole seconds, rounded down.

    >>> rfc3339(1_700_000_000_999_999_999)
    '2023-11-14T22:13:20Z'
    """
    return _whole(wall // _SECOND)


def rfc3339_micro(wall: int) -> str:
    """With microseconds, rounded down.

    >>> rfc3339_micro(1_700_000_000_000_001_999)
    '2023-11-14T22:13:20.000001Z'
    """
    return f"{_date_and_time(wall // _SECOND)}.{wall % _SECOND // 1000:06d}Z"
