"""Times in objects: RFC 3339 strings and nanoseconds since 1970; and durations.

Objects hold times as strings in UTC; components use integer nanoseconds. Nothing here reads a clock.

Source: apimachinery/pkg/apis/meta/v1/{time,micro_time}.go, pkg/util/duration/duration.go (v1.36); Go's time/format.go.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

SECOND = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)

LAYOUT = "2006-01-02T15:04:05Z07:00"
"""Go's name of RFC 3339."""
MICRO_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"

_shape = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)


ZERO_TIME = "0001-01-01T00:00:00Z"
"""Go's zero time. In an object it means that there is no time."""


class TimeError(ValueError):
    """The string is not a time; the message is that of Go's `time.Parse`."""


def format_time(unix_ns: int) -> str:
    """A Time: UTC with whole seconds, truncated.

    >>> format_time(1_767_323_045_999_999_999)
    '2026-01-02T03:04:05Z'
    """
    return _time_of_second(unix_ns // SECOND)


def format_micro_time(unix_ns: int) -> str:
    """A MicroTime: UTC with microseconds.

    >>> format_micro_time(1_767_323_045_000_006_000)
    '2026-01-02T03:04:05.000006Z'
    """
    return f"{_text_of_second(unix_ns // SECOND)}.{unix_ns % SECOND // 1000:06}Z"


def format_nano_time(unix_ns: int) -> str:
    """The timestamp of a log line: UTC with nanoseconds.

    >>> format_nano_time(1_767_323_045_000_000_006)
    '2026-01-02T03:04:05.000000006Z'
    """
    return f"{_text_of_second(unix_ns // SECOND)}.{unix_ns % SECOND:09}Z"


@lru_cache(maxsize=4096)
def parse_time(text: str) -> int:
    """Nanoseconds since 1970 of a Time or MicroTime.

    Raises:
        TimeError: the string is not RFC 3339.

    >>> parse_time("2026-01-02T03:04:05Z"), parse_time("1970-01-01T01:00:00.5+01:00")
    (1767323045000000000, 500000000)
    """
    return _parsed(text, LAYOUT)


@lru_cache(maxsize=4096)
def canonical_time(text: str) -> str:
    """A Time in stored form: UTC without fractions of a second.

    >>> canonical_time("2026-01-02T05:04:05.9+02:00")
    '2026-01-02T03:04:05Z'
    """
    return format_time(_parsed(text, LAYOUT))


@lru_cache(maxsize=4096)
def canonical_micro_time(text: str) -> str:
    """A MicroTime in stored form: UTC with microseconds, which the input must have as well.

    >>> canonical_micro_time("2026-01-02T04:04:05.123456+01:00")
    '2026-01-02T03:04:05.123456Z'
    """
    return format_micro_time(_parsed(text, MICRO_LAYOUT))


def human_duration(nanoseconds: int) -> str:
    """A duration in two or three characters, for tables.

    >>> [human_duration(n * SECOND) for n in (-5, 0, 119, 125, 3600 * 3, 3600 * 30, 86400 * 3, 86400 * 1000)]
    ['<invalid>', '0s', '119s', '2m5s', '3h', '30h', '3d', '2y270d']
    """
    seconds = _truncated(nanoseconds)
    if seconds < 0:
        return "<invalid>" if seconds < -1 else "0s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    return _two(days // 365, "y", days % 365, "d") if days < 365 * 8 else f"{days // 365}y"


@lru_cache(maxsize=4096)
def _text_of_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")


@lru_cache(maxsize=4096)
def _time_of_second(second: int) -> str:
    """One string for all objects with this time."""
    return _text_of_second(second) + "Z"


def _parsed(text: str, layout: str) -> int:
    found = _shape.fullmatch(text)
    if not found or (layout is MICRO_LAYOUT and len(found[7] or "") != 6):
        raise TimeError(_complaint(text, layout))
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise TimeError(_out_of_range(text, month, hour, minute, second)) from error
    nanos = int((found[7] or "0").ljust(9, "0")[:9])
    whole = (moment - _EPOCH) // timedelta(seconds=1) - _offset(text, found[8])
    if not _FIRST <= whole <= _LAST:
        raise TimeError(f'parsing time "{text}": year out of range')
    return whole * SECOND + nanos


def _offset(text: str, zone: str) -> int:
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 24 or minutes > 60:
        raise TimeError(f'parsing time "{text}": time zone offset {"hour" if hours > 24 else "minute"} out of range')
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def _out_of_range(text: str, month: int, hour: int, minute: int, second: int) -> str:
    wrong = (
        (not 1 <= month <= 12, "month"),
        (hour > 23, "hour"),
        (minute > 59, "minute"),
        (second > 59, "second"),
        (True, "day"),
    )
    return f'parsing time "{text}": {next(name for holds, name in wrong if holds)} out of range'


_ELEMENTS = (
    ("2006", r"\d{4}"), ("-", "-"), ("01", r"\d\d"), ("-", "-"), ("02", r"\d\d"), ("T", "T"), ("15", r"\d\d?"),
    (":", ":"), ("04", r"\d\d"), (":", ":"), ("05", r"\d\d"),
)  # fmt: skip
"""The parts of Go's layout, and the pattern of each."""


def _complaint(text: str, layout: str) -> str:
    """The error of Go's parser: the first part of the layout that the rest of the string does not match."""
    rest = text
    micro = ((".000000", r"\.\d{6}"),) if layout is MICRO_LAYOUT else ()
    for element, pattern in (*_ELEMENTS, *micro, ("Z07:00", r"Z|[+-]\d\d:\d\d")):
        if element == "Z07:00" and not micro:
            rest = re.sub(r"^[.,]\d+", "", rest)
        found = re.match(pattern, rest, re.ASCII)
        if not found:
            return f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}"'
        rest = rest[found.end() :]
    return f'parsing time "{text}": extra text: "{rest}"'


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def _truncated(nanoseconds: int) -> int:
    """Whole seconds, truncated towards zero as by Go's conversion to int."""
    return nanoseconds // SECOND if nanoseconds >= 0 else -(-nanoseconds // SECOND)


def go_duration(seconds: float) -> str:
    """A duration as Go prints it.

    Source: Go's time.Duration.String.

    >>> [go_duration(one) for one in (0, 0.25, 1.5, 60, 3725)]
    ['0s', '250ms', '1.5s', '1m0s', '1h2m5s']
    """
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms" if seconds >= 0.001 else f"{seconds * 1e6:g}\u00b5s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{rest:g}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text


_UNITS = {"ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_go_duration(text: str) -> float:
    """The seconds of a duration in Go's format.

    Raises:
        ValueError: it is malformed.

    >>> parse_go_duration("1h2m5s"), parse_go_duration("250ms")
    (3725.0, 0.25)
    """
    parts = re.findall(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|ms|s|m|h)", text)
    if text == "0":
        return 0.0
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f'time: invalid duration "{text}"')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
