"""Shared helpers of rules."""

from collections.abc import Callable

from kubeactors.actor import AskError, Wait

Fired = Callable[[], object]

NOTES = ("events", "leases")
"""Resources that components write as a side effect of their work."""


def concerns(meant: str, resource: str) -> bool:
    """Whether a fault about the resource `meant` (if empty, about any but events and leases) applies to this one."""
    return resource == meant or not (meant or resource in NOTES)


def pass_on(early: Wait[object], late: Wait[object], changed: Callable[[object], object] = lambda same: same) -> None:
    """Forward an answer, perhaps changed, from the wait `early` to the wait `late`."""
    try:
        result = early.result()
    except AskError as error:
        late.fail(error)
    else:
        late.set(changed(result))
