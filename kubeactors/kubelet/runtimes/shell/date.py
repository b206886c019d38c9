"""The command `date`, in UTC.

Source: POSIX.1-2024, Utilities, date; busybox 1.37 for the forms of `-d`, `-I` and `-R`, and for error messages; GNU
coreutils 9 for relative dates.
"""

import re
from datetime import UTC, datetime, timedelta

from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.processes import SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y.%m.%d-%H:%M:%S",
    "%Y.%m.%d-%H:%M",
    "%m.%d-%H:%M:%S",
    "%m.%d-%H:%M",
    "%H:%M:%S",
    "%H:%M",
    "%Y%m%d%H%M.%S",
    "%Y%m%d%H%M",
    "%y%m%d%H%M",
    "%m%d%H%M",
    "%a %b %d %H:%M:%S UTC %Y",
    "%a, %d %b %Y %H:%M:%S",
)
_ZONE = re.compile(r"(.*\d) ?(?:Z|UTC|GMT|([+-])(\d\d):?(\d\d))")
_RELATIVE = re.compile(r"([+-]?\d+) ?(sec|second|min|minute|hour|day|week|fortnight)s?( ago)?")
_UNITS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_DAYS = {"now": 0, "today": 0, "yesterday": -1, "tomorrow": 1}
_DIRECTIVE = re.compile(r"%[-_0^#]?([a-zA-Z%+])")
_ISO = {
    "date": "%Y-%m-%d",
    "hours": "%Y-%m-%dT%H+00:00",
    "minutes": "%Y-%m-%dT%H:%M+00:00",
    "seconds": "%Y-%m-%dT%H:%M:%S+00:00",
    "ns": "%Y-%m-%dT%H:%M:%S,%N+00:00",
}
_COMPOSED = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "h": "%b",
    "n": "\n",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
    "T": "%H:%M:%S",
    "t": "\t",
    "X": "%H:%M:%S",
    "x": "%m/%d/%y",
}


def date(call: Call) -> int:
    """Print the time, or that of `-d` or of the file of `-r`, in a format."""
    words = [f"--iso={one[2:] or 'date'}" if re.match(r"-I(?!$)|-I$", one) else one for one in call.arguments]
    long = {"date": "d", "iso": "i", "iso-8601": "i", "reference": "r", "rfc-2822": "R", "set": "s", "utc": "u"}
    options = Options(words, "ud:r:Rs:D:i:", long)
    now = call.now
    if "r" in options:
        if not call.files.exists(call.path(options.value("r"))):
            raise UsageError(f"can't stat '{options.value('r')}': No such file or directory")
        now = call.files.modified(call.path(options.value("r")))
    layout = "%a %b %e %H:%M:%S UTC %Y"
    for one in options.operands:
        if not one.startswith("+"):
            raise UsageError(f"invalid date '{one}'")
        layout = one[1:]
    if "d" in options:
        now = parsed(options.value("d"), now, options.value("D"))
    if "s" in options:
        return call.complain("can't set date: Operation not permitted")
    if "R" in options:
        layout = "%a, %d %b %Y %H:%M:%S +0000"
    elif "i" in options:
        layout = next((shown for name, shown in _ISO.items() if name.startswith(options.value("i"))), _ISO["date"])
    call.say(written(now, layout) + "\n")
    return 0


def parsed(text: str, now: int, form: str = "") -> int:
    """The time that a text means, both in Unix nanoseconds.

    >>> parsed("1970-01-02", 0) // SECOND, parsed("@5", 0) // SECOND, parsed("2 hours ago", 7200 * SECOND)
    (86400, 5, 0)

    Raises:
        UsageError: it is malformed.
    """
    if re.fullmatch(r"@-?\d{1,11}", text):
        return int(text[1:]) * SECOND
    if text in _DAYS:
        return now + _DAYS[text] * 86_400 * SECOND
    relative = _RELATIVE.fullmatch(text)
    if relative is not None and relative[2] in _UNITS:
        return now + int(relative[1][:12]) * _UNITS[relative[2]] * SECOND * (-1 if relative[3] else 1)
    today = _EPOCH + timedelta(seconds=now // SECOND)
    zone = _ZONE.fullmatch(text)
    plain = re.sub(r"(\d)T(\d)", r"\1 \2", zone[1] if zone is not None else text)
    plain = re.sub(r"(:\d\d)[.,]\d+$", r"\1", plain)
    for one in [form] if form else _FORMS:
        moment = _in_form(plain, one, today)
        if moment is not None:
            offset = int(f"{zone[2]}{int(zone[3]) * 60 + int(zone[4])}") if zone is not None and zone[2] else 0
            return (round((moment - _EPOCH).total_seconds()) - offset * 60) * SECOND
    raise UsageError(f"invalid date '{text}'")


def _in_form(text: str, form: str, today: datetime) -> datetime | None:
    """The moment that a text in a form means; what the form lacks is that of today."""
    start, has_year = ("", "%y" in form.lower()) if "%d" in form else (f"{today:%Y-%m-%d} ", True)
    prefix, layout = (start, f"%Y-%m-%d {form}") if start else ("", form)
    if not has_year:
        prefix, layout = f"{today:%Y} ", f"%Y {form}"
    try:
        return datetime.strptime(prefix + text, layout).replace(tzinfo=UTC)
    except ValueError:
        return None


def written(now: int, layout: str) -> str:
    """A time, in Unix nanoseconds, in a format.

    >>> written(86_400_000_000_005, "%F %T %s %e|%N|%%")
    '1970-01-02 00:00:00 86400  2|000000005|%'

    Raises:
        UsageError: the time is beyond the year 9999.
    """
    try:
        moment = _EPOCH + timedelta(seconds=now // SECOND)
    except OverflowError:
        raise UsageError("invalid date") from None
    return _DIRECTIVE.sub(lambda found: _part(found[0], found[1], moment, now), layout)


def _part(whole: str, letter: str, moment: datetime, now: int) -> str:
    if letter in _COMPOSED:
        return written(now, _COMPOSED[letter])
    shown = {
        "%": "%",
        "C": f"{moment.year // 100:02}",
        "e": f"{moment.day:2}",
        "k": f"{moment.hour:2}",
        "l": f"{(moment.hour + 11) % 12 + 1:2}",
        "N": f"{now % SECOND:09}",
        "P": "am" if moment.hour < 12 else "pm",
        "s": str(now // SECOND),
        "Y": str(moment.year),
        "Z": "UTC",
        "z": "+0000",
    }.get(letter) or (moment.strftime(f"%{letter}") if letter in "aAbBdgGHIjmMpSuUVwWy" else whole)
    return shown.lstrip(" 0") or "0" if whole[1] == "-" and letter not in "aAbB" else shown
