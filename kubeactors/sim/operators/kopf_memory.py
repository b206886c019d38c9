"""What the process of a simulated kopf operator remembers: gone when it starts again. Needs the extra `kopf`."""

from typing import NamedTuple, cast

import kopf
from kopf._cogs.structs import bodies

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.operators.client import OperatorClient


class Heard(NamedTuple):
    """A change that handlers have not seen yet: its type, None for what was there at first, and the object then."""

    type: bodies.RawEventType
    object: TypedObject


class Memory:
    """What is remembered of an object; gone when it is."""

    def __init__(self, *, listed: bool) -> None:
        self.memo: kopf.Memo = kopf.Memo()
        self.listed = listed
        """Whether it was there when the process began."""
        self.resumed: bool = False
        self.due: dict[str, float] = {}
        """When timers are due, in virtual seconds."""


def heard_of(client: OperatorClient, key: str) -> list[Heard]:
    """What has been heard of objects of a name, oldest first; who tells it takes it out."""
    return cast("list[Heard]", client.memory.setdefault(f"kopf heard {key}", []))


def memory_of(client: OperatorClient, present: TypedObject, *, listed: bool = False) -> Memory:
    """What is remembered of an object, from now on; `listed`: it was there when the process began."""
    return cast("Memory", client.memory.setdefault(_place(present), Memory(listed=listed)))


def forget(client: OperatorClient, present: TypedObject) -> None:
    """The object is gone."""
    client.memory.pop(_place(present), None)


def _place(present: TypedObject) -> str:
    return f"kopf {present.metadata.uid}"
