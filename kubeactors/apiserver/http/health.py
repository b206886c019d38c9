"""Health: `/healthz`, `/livez`, `/readyz` and their single checks.

Source: apiserver/pkg/server/healthz/healthz.go (v1.36).
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from kubeactors.apiserver.http.messages import HttpRequest, Response
from kubeactors.apiserver.http.responses import page_not_found, text

Check: TypeAlias = Callable[[], str]
"""What is wrong; empty if nothing is."""


def _nothing() -> str:
    return ""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The checks by name. `livez` decides about a restart, `readyz` about traffic, `healthz` is the old word for livez."""

    livez: Mapping[str, Check] = msgspec.field(default_factory=lambda: {"ping": _nothing})
    readyz: Mapping[str, Check] = msgspec.field(default_factory=lambda: {"ping": _nothing})

    def answer(self, request: HttpRequest) -> Response | None:
        """The answer to a path of health; None if it is no such path."""
        root, _, name = request.path.strip("/").partition("/")
        if (checks := self._checks(root)) is None:
            return None
        if not name:
            return _all(root, checks, request)
        return _one(checks[name]) if name in checks else page_not_found()

    def paths(self) -> list[str]:
        """All paths that `answer` knows."""
        return [
            path
            for root in ("healthz", "livez", "readyz")
            for path in (f"/{root}", *(f"/{root}/{name}" for name in self._checks(root) or ()))
        ]

    def _checks(self, root: str) -> Mapping[str, Check] | None:
        return {"healthz": self.livez, "livez": self.livez, "readyz": self.readyz}.get(root)


def _one(check: Check) -> Response:
    problem = check()
    return text(500, f"internal server error: {problem}\n") if problem else text(200, "ok")


def _all(root: str, checks: Mapping[str, Check], request: HttpRequest) -> Response:
    excluded = dict.fromkeys(request.query.texts("exclude"))
    lines: list[str] = []
    failed = False
    for name, check in checks.items():
        if name in excluded:
            lines.append(f"[+]{name} excluded: ok\n")
        elif check():
            failed = True
            lines.append(f"[-]{name} failed: reason withheld\n")
        else:
            lines.append(f"[+]{name} ok\n")
    if unknown := sorted(name for name in excluded if name not in checks):
        named = ",".join(f'"{name}"' for name in unknown)
        lines.append(f"warn: some health checks cannot be excluded: no matches for {named}\n")
    if failed:
        return text(500, f"{''.join(lines)}{root} check failed\n")
    return text(200, f"{''.join(lines)}{root} check passed\n" if "verbose" in request.query else "ok")
