"""Nobody changes an object that he has read: it is shared with the store, and with everybody.

The objects are frozen, but not the dicts in them. What is watched here is what an operator reads from its caches; our
own components never do it.
"""

import types
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.invariants import Invariant
from kubeactors.sim.world import Commit, World

UNCHANGED = "objects-are-not-changed"


class Unchanged(Invariant):
    """Every object is as it was when it was written."""

    name = UNCHANGED

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._written: dict[str, tuple[TypedObject, bytes]] = {}

    def committed(self, commit: Commit) -> Iterator[str]:
        """Remember it, and look at the one before."""
        yield from self._changed(commit.key)
        self._written.pop(commit.key, None)
        if commit.new is not None:
            self._written[commit.key] = (commit.new, msgspec.json.encode(commit.new))

    def looked(self) -> Iterator[str]:
        """Compare all."""
        for key in self._written:
            yield from self._changed(key)

    def settled(self) -> Iterator[str]:
        """Once more, before anybody else notices."""
        return self.looked()

    def _changed(self, key: str) -> Iterator[str]:
        found, text = self._written.get(key, (None, b""))
        now = msgspec.json.encode(found)
        if found is not None and now != text:
            yield (
                f"{found.kind} {found.metadata.namespace}/{found.metadata.name} was changed in memory: {difference(text, now)}; "
                "what was read is shared, make a new one with msgspec.structs.replace(...)"
            )


def difference(before: bytes, after: bytes) -> str:
    """Where two objects begin to differ, for people.

    >>> difference(b'{"data":{"pods":"1"}}', b'{"data":{"pods":"9"}}')
    'data.pods is "9", and was "1"'
    """
    return _differs((), cast("object", msgspec.json.decode(before)), cast("object", msgspec.json.decode(after)))


def _differs(path: tuple[str, ...], old: object, new: object) -> str:
    was, now = _fields(old), _fields(new)
    for key in (*was, *now):
        if was.get(key) != now.get(key):
            return _differs((*path, key), was.get(key), now.get(key))
    return f"{'.'.join(path)} is {_text(new)}, and was {_text(old)}"


def _fields(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return "gone" if value is None else msgspec.json.encode(value).decode()


def unchanged_objects(kinds: Iterable[type[TypedObject]]) -> type[Invariant]:
    """The invariant for objects of these kinds."""
    made = types.new_class("UnchangedOfThese", (Unchanged,), exec_body=lambda body: body.update(kinds=tuple(kinds)))
    return cast("type[Invariant]", made)
