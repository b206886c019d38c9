"""In-memory state of a simulated kopf operator, which a restart clears. Needs the extra `kopf`."""

from typing import NamedTuple, cast

import kopf
from kopf._cogs.structs import bodies

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.operators.client import OperatorClient


class Heard(NamedTuple):
    """An event that handlers have not seen yet: its type (None for the initial list), and the object at that time."""

    type: bodies.RawEventType
    object: TypedObject


class Memory:
    """State about an object, dropped when the object is deleted."""

    def __init__(self, *, listed: bool) -> None:
        self.memo: kopf.Memo = kopf.Memo()
        self.listed = listed
        """Whether the object existed when the process started."""
        self.resumed: bool = False
        self.due: dict[str, float] = {}
        """When its timers are due, in virtual seconds."""


def heard_of(client: OperatorClient, key: str) -> list[Heard]:
    """Pending events of objects of a name, oldest first; they are removed when handlers have seen them."""
    return cast("list[Heard]", client.memory.setdefault(f"kopf heard {key}", []))


def memory_of(client: OperatorClient, present: TypedObject, *, listed: bool = False) -> Memory:
    """The state about an object, created if missing; `listed`: the object existed when the process started."""
    return cast("Memory", client.memory.setdefault(_place(present), Memory(listed=listed)))


def forget(client: OperatorClient, present: TypedObject) -> None:
    """Drop the state about a deleted object."""
    client.memory.pop(_place(present), None)


def _place(present: TypedObject) -> str:
    return f"kopf {present.metadata.uid}"
