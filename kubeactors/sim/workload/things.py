"""What users do to any object, of whatever kind: by its name or number, not by the workload that it belongs to."""

from typing import Literal

from kubeactors.sim.steps import Action

Meddling = Literal["delete", "orphan", "replace", "release"]
"""Delete it; delete it and leave what it owns; delete it (a pod at once) and create another one of its name, which
nobody owns, unless its controller does so; change the labels of a pod so that its ReplicaSet, ReplicationController or
DaemonSet lets it go."""


class Meddle(Action, frozen=True, kw_only=True, tag="meddle"):
    """Do something to an object that somebody else is busy with."""

    api_version: str
    of: str
    """Its kind."""
    name: str
    namespace: str = ""
    how: Meddling


Derived = Literal[
    "ReplicaSet", "ControllerRevision", "Endpoints", "EndpointSlice"
]  # fmt: skip
"""Kinds of which users make none: controllers do, and make them good."""


class Spoil(Action, frozen=True, kw_only=True, tag="spoil"):
    """Meddle with what only controllers make: they make it good."""

    of: Derived
    number: int
    """Of the objects of that kind, in the order of their names, modulo how many there are."""
    delete: bool = True
    """Otherwise a ReplicaSet wants no pods any more."""
