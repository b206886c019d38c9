"""The times of a schedule in a time zone.

The library computes in naive local time; here it starts anew wherever the zone's offset changes. So a local time that a
transition skips is not a time of the schedule, and one that it repeats is one twice, as in the original.

Source: github.com/robfig/cron/v3 spec.go, pkg/controller/cronjob/utils.go (v1.36).
"""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from kubeactors.api.batch.v1 import CronJobSpec
from kubeactors.api.batch.v1.schedule import Schedule, ScheduleError, parse, without_zone

MANY_MISSED = 100
"""If more times were missed, a warning is recorded."""

_WEEK, _SECOND = timedelta(days=7), timedelta(seconds=1)


class Times:
    """The scheduled times of a CronJob."""

    def __init__(self, schedule: Schedule, zone: tzinfo = UTC) -> None:
        self._schedule = schedule
        self._zone = zone
        self._expression = "" if schedule.every_seconds else expression_of(schedule)

    def after(self, time: datetime) -> datetime | None:
        """The first scheduled time after `time`; None if there is none for decades.

        >>> Times(parse("30 6 * * *"), ZoneInfo("Europe/Berlin")).after(datetime(2026, 3, 28, 12, tzinfo=UTC))
        datetime.datetime(2026, 3, 29, 4, 30, tzinfo=datetime.timezone.utc)
        """
        if self._schedule.every_seconds:
            return time.replace(microsecond=0) + timedelta(seconds=self._schedule.every_seconds)
        offset = self._offset(time)
        while True:
            found = self._next_on_clock((time + offset).replace(tzinfo=None))
            if found is None:
                return None
            candidate = found.replace(tzinfo=UTC) - offset
            changed = self._change(time + _SECOND, candidate, offset)
            if changed is None:
                return candidate
            time, offset = changed - _SECOND, self._offset(changed)

    def _next_on_clock(self, clock: datetime) -> datetime | None:
        try:
            return next(CronSim(self._expression, clock))
        except (CronSimError, StopIteration):
            return None

    def _offset(self, time: datetime) -> timedelta:
        return time.astimezone(self._zone).utcoffset() or timedelta()

    def _change(self, low: datetime, end: datetime, before: timedelta) -> datetime | None:
        """The first second up to `end` at which the zone has another offset."""
        if low <= end and self._offset(low) != before:
            return low
        while low < end:
            high = min(low + _WEEK, end)
            if self._offset(high) != before:
                return self._narrowed(low, high, before)
            low = high
        return None

    def _narrowed(self, low: datetime, high: datetime, before: timedelta) -> datetime:
        while high - low > _SECOND:
            middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
            if self._offset(middle) == before:
                low = middle
            else:
                high = middle
        return high


def times_of(spec: CronJobSpec) -> Times:
    """The scheduled times of a CronJob, in UTC if it names no time zone.

    Raises:
        ScheduleError: the schedule cannot be parsed.
        ZoneInfoNotFoundError: the zone is unknown.
    """
    text, zone = spec.schedule, spec.time_zone
    if "TZ=" in text:
        zone = text.partition("=")[2].partition(" ")[0]
    return Times(parse(without_zone(text)), ZoneInfo(zone) if zone else UTC)


def expression_of(schedule: Schedule) -> str:
    """The schedule in the library's syntax: a star where either kind of day is unrestricted, else all values.

    >>> expression_of(parse("0 22 * * mon-tue")), expression_of(parse("0 0 */16 * mon"))
    ('0 22 * 1,2,3,4,5,6,7,8,9,10,11,12 1,2', '0 0 1,17 1,2,3,4,5,6,7,8,9,10,11,12 1')
    """
    days = "*" if schedule.any_day and len(schedule.days) == 31 else _listed(schedule.days)
    weekdays = "*" if schedule.any_day and len(schedule.weekdays) == 7 else _listed(schedule.weekdays)
    return " ".join((_listed(schedule.minutes), _listed(schedule.hours), days, _listed(schedule.months), weekdays))


def latest(times: Times, earliest: datetime, now: datetime) -> tuple[datetime | None, int]:
    """The last scheduled time between `earliest` and `now`, and approximately how many there are.

    Raises:
        ScheduleError: there is none at all.
    """
    first = times.after(earliest)
    second = None if first is None else times.after(first)
    if first is None or second is None:
        raise ScheduleError("time difference between two schedules is less than 1 second")
    if now < first:
        return None, 0
    if now < second:
        return first, 1
    distance = second - first
    missed = (now - first) // distance + 1
    found, last = times.after(first + (missed - 2) * distance), None
    while found is not None and found <= now:
        found, last = times.after(found), found
    return last, missed


def _listed(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))
