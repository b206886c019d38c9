"""Schedules of CronJobs: five fields, or a word such as `@daily`.

Source: github.com/robfig/cron/v3 parser.go, spec.go, constantdelay.go.
"""

import re
from typing import NamedTuple

import msgspec

from kubeactors.apimachinery.field import quoted


class ScheduleError(ValueError):
    """A malformed schedule; the message says why."""


class _Bounds(NamedTuple):
    low: int
    high: int
    names: tuple[str, ...] = ()


_MONTHS = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (_Bounds(0, 59), _Bounds(0, 23), _Bounds(1, 31), _Bounds(1, 12, _MONTHS), _Bounds(0, 6, _WEEKDAYS))

_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY = "@every "
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When a job is due: every `every_seconds` if that is set, else at the times in the other fields.

    `any_day` says that the days of the month and those of the week must both match; else either is enough.
    """

    every_seconds: int = 0
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    any_day: bool = True


def parse(text: str) -> Schedule:
    """A schedule.

    >>> parse("*/20 1 * * mon-wed").minutes, parse("*/20 1 * * mon-wed").weekdays
    ((0, 20, 40), (1, 2, 3))

    Raises:
        ScheduleError: it cannot be read.
    """
    if not text:
        raise ScheduleError("empty spec string")
    if text.startswith("@"):
        if text.startswith(_EVERY):
            return Schedule(every_seconds=_seconds(text))
        if text not in _WORDS:
            raise ScheduleError(f"unrecognized descriptor: {text}")
        text = _WORDS[text]
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    minutes, hours, days, months, weekdays = (_field(one, bounds) for one, bounds in zip(fields, _FIELDS, strict=True))
    any_day = _is_any(fields[2]) or _is_any(fields[4])
    return Schedule(minutes=minutes, hours=hours, days=days, months=months, weekdays=weekdays, any_day=any_day)


def without_zone(text: str) -> str:
    """A schedule without the zone that older ones may begin with.

    >>> without_zone("TZ=Etc/UTC 0 * * * *")
    '0 * * * *'
    """
    return text.partition(" ")[2].strip() if text.startswith(("TZ=", "CRON_TZ=")) else text


def _field(text: str, bounds: _Bounds) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for part in text.split(","):
        if part:
            found.update(dict.fromkeys(_range(part, bounds)))
    return tuple(sorted(found))


def _range(text: str, bounds: _Bounds) -> range:
    """The numbers of one part: `*`, `7`, `1-5`, each perhaps with `/step`."""
    parts = text.split("/")
    limits = parts[0].split("-")
    step = 1
    if limits[0] in ("*", "?"):
        start, end = bounds.low, bounds.high
    else:
        start = _number(limits[0], bounds)
        if len(limits) > 2:
            raise ScheduleError(f"too many hyphens: {text}")
        end = _number(limits[1], bounds) if len(limits) == 2 else start
    if len(parts) > 2:
        raise ScheduleError(f"too many slashes: {text}")
    if len(parts) == 2:
        step = _integer(parts[1])
        end = bounds.high if len(limits) == 1 else end
    if start < bounds.low:
        raise ScheduleError(f"beginning of range ({start}) below minimum ({bounds.low}): {text}")
    if end > bounds.high:
        raise ScheduleError(f"end of range ({end}) above maximum ({bounds.high}): {text}")
    if start > end:
        raise ScheduleError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {text}")
    return range(start, end + 1, step)


def _number(text: str, bounds: _Bounds) -> int:
    name = text.lower()
    return bounds.names.index(name) if name and name in bounds.names else _integer(text)


def _integer(text: str) -> int:
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdecimal()):
        parsing = f"strconv.Atoi: parsing {quoted(text)}: invalid syntax"
        raise ScheduleError(f"failed to parse int from {text}: {parsing}")
    if int(text) < 0:
        raise ScheduleError(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)


def _is_any(field: str) -> bool:
    """Whether a field of days leaves the choice to the other one.

    >>> _is_any("*"), _is_any("*/2"), _is_any("?,3")
    (True, False, True)
    """
    return any(
        part.partition("/")[0] in ("*", "?") and part.partition("/")[2] in ("", "1") for part in field.split(",")
    )


def _seconds(text: str) -> int:
    given = text.removeprefix(_EVERY)
    unsigned = given.lstrip("+-")
    if not unsigned or _DURATION.sub("", unsigned):
        why = f"time: invalid duration {quoted(given)}"
        raise ScheduleError(f"failed to parse duration {text}: {why}")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(unsigned))
    return 1 if given.startswith("-") else max(int(seconds), 1)
