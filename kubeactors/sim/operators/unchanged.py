"""Detects mutation of objects that were read: they are shared with the store and with all caches.

Objects are frozen, but the dicts in them are not. Only the kinds in the operator's caches are checked; our own components
never mutate.
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
    """Every object is as it was written."""

    name = UNCHANGED

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._written: dict[str, tuple[TypedObject, bytes]] = {}

    def committed(self, commit: Commit) -> Iterator[str]:
        """Remember the object, and check the previous one."""
        yield from self._changed(commit.key)
        self._written.pop(commit.key, None)
        if commit.new is not None:
            self._written[commit.key] = (commit.new, msgspec.json.encode(commit.new))

    def looked(self) -> Iterator[str]:
        """Check all objects."""
        for key in self._written:
            yield from self._changed(key)

    def settled(self) -> Iterator[str]:
        """Check all objects once more, before other invariants fail by it."""
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
    """The first difference of two objects.

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
