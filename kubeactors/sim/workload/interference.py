"""User actions on objects of any kind, by name or index instead of by workload."""

from typing import Literal

from kubeactors.sim.steps import Action

InterferenceKind = Literal["delete", "orphan", "replace", "release"]
"""Delete the object; delete it and orphan its dependents; delete it (a pod by force) and create another of its name without
an owner, unless its controller recreates it; change the labels of a pod so that its ReplicaSet, ReplicationController or
DaemonSet releases it."""


class Interfere(Action, frozen=True, kw_only=True, tag="interfere"):
    """Interfere with an object that a component is working on."""

    api_version: str
    of: str
    """Its kind."""
    name: str
    namespace: str = ""
    how: InterferenceKind


Derived = Literal[
    "ReplicaSet", "ControllerRevision", "Endpoints", "EndpointSlice"
]  # fmt: skip
"""Kinds that only controllers create, and repair."""


class DamageObject(Action, frozen=True, kw_only=True, tag="damage-object"):
    """Damage an object that only controllers create: they repair it."""

    of: Derived
    number: int
    """The index of the object by name, modulo how many there are."""
    delete: bool = True
    """If false, a ReplicaSet is scaled to 0 instead."""
