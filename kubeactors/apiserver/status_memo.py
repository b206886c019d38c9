"""A memo of managed fields after pod status updates, shared by all pods that change alike.

The pods of a template go through the same states, and a kubelet writes the same status for each of them, except for
their own words: addresses, times, container ids. The managed fields after a write do not depend on what these words
are, only on which of them are equal. So the memo's key is the two states and the managed fields before, as JSON with
each word replaced by its number. In the result words occur only as keys of list items (`k:{"ip":"10.0.0.1"}`).
Managers that own nothing of the status neither gain nor lose anything.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias, TypeGuard, cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import ContainerState, ContainerStatus, Pod, PodStatus
from kubeactors.apimachinery.managedfields import Owner
from kubeactors.apimachinery.managedfields.entries import MAX_UPDATERS, in_order, owner_of
from kubeactors.apimachinery.managedfields.fieldset import SELF
from kubeactors.apimachinery.meta import ManagedFieldsEntry, TypedObject

Entries: TypeAlias = tuple[ManagedFieldsEntry, ...]
Fields: TypeAlias = dict[str, object]
Spots: TypeAlias = "dict[str, Spots]"
"""The elements of a tree of fields that contain words, or lead to ones that do."""

CAPACITY = 256
"""The number of changes remembered. A template has about a dozen."""
_NOW = "\0now"
"""A placeholder for the time of the write."""
_STATUS = "f:status"
_MARK = "\0"
"""Occurs neither in JSON nor in words."""
_NUMBERS = tuple(f"{_MARK}{number}{_MARK}" for number in range(64))
"""The placeholders of words. Words beyond these are left as they are."""
_PLAIN = re.compile(r"[0-9A-Za-z.:/_-]{7,}")
"""A word that JSON does not escape, and that is not part of its syntax."""
_encode = msgspec.json.Encoder().encode


class Change(msgspec.Struct, frozen=True):
    """A pod status update: what it shares with others, and what is its own."""

    key: tuple[Owner, bytes]
    words: tuple[str, ...]
    concerned: Entries
    """The entries of managers that own something of the status before the write."""
    kept: Entries
    """The other entries, which do not change."""


class _Answer(msgspec.Struct, frozen=True):
    """The changed entries after a write, with numbers for words, and where these numbers are."""

    entries: tuple[tuple[ManagedFieldsEntry, Spots], ...]

    def of(self, change: Change, time: str | None) -> Entries:
        """The entries after a write that is like the one remembered."""
        times = {owner_of(one): one.time for one in change.concerned}
        made = (
            replace(
                entry,
                time=time if entry.time == _NOW else times[owner_of(entry)],
                fields_v1=_worded(entry.fields_v1, spots, change.words)
                if spots and entry.fields_v1
                else entry.fields_v1,
            )
            for entry, spots in self.entries
        )
        return in_order((*change.kept, *made))


class _NotShareableError(Exception):
    """The result cannot be shared: the order of items depends on the words."""


class StatusMemo:
    """Remembers results."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._known: dict[tuple[Owner, bytes], _Answer] = {}

    def entries(self, change: Change, time: str | None, work: Callable[[str | None], Entries]) -> Entries:
        """The entries after a write at `time`. On a miss `work` computes them; what it raises is passed on."""
        answer = self._known.get(change.key)
        if answer is None:
            try:
                answer = _answer(work(_NOW), change)
            except _NotShareableError:
                return work(time)
            if len(self._known) >= self._capacity:
                self._known.clear()
            self._known[change.key] = answer
        return answer.of(change, time)


def change_of(new: TypedObject, old: TypedObject, owner: Owner) -> Change | None:
    """The update by this owner; None if it changes more than the status of a pod."""
    before = old.metadata.managed_fields
    if not isinstance(new, Pod) or not isinstance(old, Pod) or not 0 < len(before) < MAX_UPDATERS:
        return None
    if new.metadata is not old.metadata or new.spec is not old.spec:
        return None
    words = tuple(one for one in dict.fromkeys((*_own_words(new.status), *_own_words(old.status))) if _is_plain(one))
    concerned, kept = _parted(before, owner)
    text = _encode((old.status, new.status, [replace(one, time=None) for one in concerned]))
    for number, word in zip(_NUMBERS, words, strict=False):
        text = text.replace(word.encode(), number.encode())
    return Change((owner, text), words, concerned, kept)


def _parted(before: Entries, owner: Owner) -> tuple[Entries, Entries]:
    concerned: list[ManagedFieldsEntry] = []
    kept: list[ManagedFieldsEntry] = []
    for one in before:
        is_kept = one.fields_v1 and _STATUS not in one.fields_v1 and owner_of(one) != owner
        (kept if is_kept else concerned).append(one)
    return tuple(concerned), tuple(kept)


def _is_plain(word: str | None) -> TypeGuard[str]:
    return word is not None and _PLAIN.fullmatch(word) is not None


def _own_words(status: PodStatus) -> Iterator[str | None]:
    """The words in which pods of a template differ. A missing or a superfluous one costs time, nothing else."""
    yield status.pod_ip
    yield status.host_ip
    yield status.start_time
    for address in status.pod_ips:
        yield address.ip
    for condition in status.conditions:
        yield condition.last_transition_time
    for containers in (status.init_container_statuses, status.container_statuses, status.ephemeral_container_statuses):
        for one in containers:
            yield from _words_of_container(one)


def _words_of_container(container: ContainerStatus) -> Iterator[str | None]:
    yield container.container_id
    for state in (container.state, container.last_state):
        yield from _words_of_state(state)


def _words_of_state(state: ContainerState) -> Iterator[str | None]:
    if state.running is not None:
        yield state.running.started_at
    if state.terminated is not None:
        yield state.terminated.started_at
        yield state.terminated.finished_at
        yield state.terminated.container_id


def _answer(entries: Entries, change: Change) -> _Answer:
    made: list[tuple[ManagedFieldsEntry, Spots]] = []
    for entry in entries:
        if entry not in change.kept:
            fields, spots = _numbered(entry.fields_v1 or {}, change.words)
            made.append((replace(entry, fields_v1=fields) if spots else entry, spots))
    return _Answer(tuple(made))


def _numbered(fields: Fields, words: tuple[str, ...]) -> tuple[Fields, Spots]:
    """Fields with numbers for words, and where these are.

    Raises:
        _NotShareableError: an item whose key is a word has siblings, or a name looks like a number.
    """
    made: Fields = {}
    spots: Spots = {}
    for element, below in fields.items():
        numbered = _replaced(element, words)
        if _MARK in element or (numbered != element and len(fields) > 1 + (SELF in fields)):
            raise _NotShareableError
        made[numbered], inner = _numbered(cast("Fields", below), words)
        if inner or numbered != element:
            spots[numbered] = inner
    return made, spots


def _worded(fields: Fields, spots: Spots, words: tuple[str, ...]) -> Fields:
    """Fields with words for numbers. Parts without any are shared."""
    made: Fields = {}
    for element, below in fields.items():
        inner = spots.get(element)
        if inner is None:
            made[element] = below
        else:
            made[_restored(element, words)] = _worded(cast("Fields", below), inner, words)
    return made


def _replaced(text: str, words: tuple[str, ...]) -> str:
    for number, word in zip(_NUMBERS, words, strict=False):
        text = text.replace(word, number)
    return text


def _restored(text: str, words: tuple[str, ...]) -> str:
    if _MARK in text:
        for number, word in zip(_NUMBERS, words, strict=False):
            text = text.replace(number, word)
    return text
