"""What several rules need."""

from collections.abc import Callable

from kubeactors.actor import AskError, Wait

Fired = Callable[[], object]

NOTES = ("events", "leases")
"""What components write besides."""


def concerns(meant: str, resource: str) -> bool:
    """Whether writes of objects of a resource are meant."""
    return resource == meant or not (meant or resource in NOTES)


def pass_on(early: Wait[object], late: Wait[object], changed: Callable[[object], object] = lambda same: same) -> None:
    """Give an answer to who waits for it, perhaps changed."""
    try:
        result = early.result()
    except AskError as error:
        late.fail(error)
    else:
        late.set(changed(result))
