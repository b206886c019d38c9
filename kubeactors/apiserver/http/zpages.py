"""The z-pages: `/statusz`, the version and uptime, and `/flagz`, the flags.

Source: component-base/zpages/{statusz/statusz.go,flagz/flagz.go} (v1.36); separators vary there to deter parsers.
"""

from collections.abc import Iterable, Mapping

from kubeactors.apimachinery.time import format_time

PATHS = ("/flagz", "/statusz")
SECOND = 1_000_000_000

_HEADER = """
kube-apiserver {}
Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.

"""


def statusz(started: int, now: int, version: Mapping[str, str], paths: Iterable[str]) -> str:
    """The version and uptime; both times are Unix nanoseconds.

    >>> page = statusz(0, 3723 * SECOND, {"gitVersion": "v1.36.2"}, ["/livez", "/livez/ping"])
    >>> print(*page.splitlines()[4:], sep=chr(10))
    Started: 1970-01-01T00:00:00Z
    Up: 1 hr 02 min 03 sec
    Binary version: 1.36.2
    Paths: /livez
    """
    seconds = (now - started) // SECOND
    folders = dict.fromkeys("/" + path.split("/")[1] for path in paths)
    lines = {
        "Started": format_time(started),
        "Up": f"{seconds // 3600} hr {seconds // 60 % 60:02} min {seconds % 60:02} sec",
        "Binary version": version["gitVersion"].removeprefix("v"),
        "Paths": " ".join(folders),
    }
    return _page("statusz", lines)


def flagz(flags: Mapping[str, str]) -> str:
    """The flags of the server."""
    return _page("flags", dict(sorted(flags.items())))


def _page(title: str, lines: Mapping[str, str]) -> str:
    return _HEADER.format(title) + "".join(f"{name}: {value}\n" for name, value in lines.items())
