"""Health endpoints: `/healthz`, `/livez`, `/readyz`, their individual checks, and metrics of them (`/metrics/slis`).

Source: apiserver/pkg/server/healthz/healthz.go, component-base/metrics/prometheus/slis (v1.36).
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeAlias

from kubeactors.apiserver.http.messages import HttpRequest, Response
from kubeactors.apiserver.http.responses import page_not_found, text

Look: TypeAlias = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns failures by the name of the check; checks that are not named have passed."""

PING = ("ping",)
SHUTDOWN = "shutdown"


async def _nothing() -> Mapping[str, str]:
    return {}


class Health:
    """The checks by name. `livez` decides about restarts, `readyz` about traffic; `healthz` is the deprecated livez."""

    def __init__(self, look: Look = _nothing, *, livez: tuple[str, ...] = PING, readyz: tuple[str, ...] = PING) -> None:
        self._look = look
        self._checks = {"healthz": livez, "livez": livez, "readyz": readyz}
        self._counts: dict[tuple[str, str, str], int] = {}
        self._last: dict[tuple[str, str], bool] = {}
        self.closing: bool = False
        """Whether the server is shutting down."""

    async def answer(self, request: HttpRequest) -> Response | None:
        """The response to a health path; None for any other path."""
        root, _, name = request.path.strip("/").partition("/")
        checks = self._checks.get(root)
        if checks is None:
            return None
        if name and name not in checks:
            return page_not_found()
        wrong = dict(await self._look())
        if self.closing:
            wrong[SHUTDOWN] = "process is shutting down"
        return _one(wrong.get(name, "")) if name else self._all(root, wrong, request)

    def paths(self) -> list[str]:
        """All health paths."""
        return [path for root, names in self._checks.items() for path in (f"/{root}", *(f"/{root}/{n}" for n in names))]

    def last(self) -> Iterator[tuple[str, str, bool]]:
        """The last result of each check that was run as one of several: its name, the path, and whether it passed."""
        for (name, root), well in self._last.items():
            yield name, root, well

    def counts(self) -> Iterator[tuple[str, str, str, int]]:
        """The number of results by check, path, and `success` or `error`."""
        for (name, root, status), count in self._counts.items():
            yield name, root, status, count

    def _all(self, root: str, wrong: Mapping[str, str], request: HttpRequest) -> Response:
        checks = self._checks[root]
        excluded = dict.fromkeys(request.query.texts("exclude"))
        lines: list[str] = []
        failed = False
        for name in checks:
            if name in excluded:
                lines.append(f"[+]{name} excluded: ok\n")
                continue
            well = not wrong.get(name)
            self._note(name, root, well=well)
            failed = failed or not well
            lines.append(f"[+]{name} ok\n" if well else f"[-]{name} failed: reason withheld\n")
        if unknown := sorted(name for name in excluded if name not in checks):
            named = ",".join(f'"{name}"' for name in unknown)
            lines.append(f"warn: some health checks cannot be excluded: no matches for {named}\n")
        if failed:
            return text(500, f"{''.join(lines)}{root} check failed\n")
        return text(200, f"{''.join(lines)}{root} check passed\n" if "verbose" in request.query else "ok")

    def _note(self, name: str, root: str, *, well: bool) -> None:
        key = (name, root, "success" if well else "error")
        self._counts[key] = self._counts.get(key, 0) + 1
        self._last[name, root] = well


def _one(problem: str) -> Response:
    return text(500, f"internal server error: {problem}\n") if problem else text(200, "ok")
