"""Decides what to do with a dependent, given the state of its owners: a pure function.

Source: attemptToDeleteItem in pkg/controller/garbagecollector/garbagecollector.go (v1.36).
"""

from collections.abc import Mapping
from enum import Enum

import msgspec

from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference
from kubeactors.controllers.garbagecollector.graph import FOREGROUND, ORPHAN, waits_for_dependents

BACKGROUND_POLICY, FOREGROUND_POLICY, ORPHAN_POLICY = "Background", "Foreground", "Orphan"


class Owner(Enum):
    """The state of an owner, after a live read if there was any doubt."""

    SOLID = "solid"
    """It exists, or may exist: its dependents are kept."""
    WAITING = "waiting"
    """It exists and is in foreground deletion."""
    ABSENT = "absent"
    """It does not exist; an object of the same name with another UID is another object."""


class Keep(msgspec.Struct, frozen=True):
    """Leave the object alone."""


class Disown(msgspec.Struct, frozen=True):
    """Drop all owner references but the `remaining` ones, whose owners keep the object alive."""

    remaining: tuple[OwnerReference, ...]


class Remove(msgspec.Struct, frozen=True):
    """Delete the object, with a propagation policy.

    `unblock` stops it from blocking its owners first: it has dependents that wait for their own dependents, and a cycle
    of such waits would never end.
    """

    policy: str
    unblock: bool = False


Action = Keep | Disown | Remove


def plan(metadata: ObjectMeta, owners: Mapping[str, Owner], dependents: tuple[ObjectMeta, ...]) -> Action:
    """What to do with an object that has these owners (by UID) and dependents.

    >>> plan(ObjectMeta(owner_references=(OwnerReference(uid="1"),)), {"1": Owner.ABSENT}, ())
    Remove(policy='Background', unblock=False)
    >>> plan(ObjectMeta(owner_references=(OwnerReference(uid="1"),)), {"1": Owner.SOLID}, ())
    Keep()
    """
    references = metadata.owner_references
    if not references:
        return Keep()
    solid = tuple(one for one in references if owners[one.uid] is Owner.SOLID)
    if solid:
        return Keep() if len(solid) == len(references) else Disown(solid)
    if dependents and any(owners[one.uid] is Owner.WAITING for one in references):
        return Remove(FOREGROUND_POLICY, unblock=any(map(waits_for_dependents, dependents)))
    return Remove(_policy(metadata))


def _policy(metadata: ObjectMeta) -> str:
    """The policy that a finalizer of an earlier deletion asks for."""
    if ORPHAN in metadata.finalizers:
        return ORPHAN_POLICY
    return FOREGROUND_POLICY if FOREGROUND in metadata.finalizers else BACKGROUND_POLICY
