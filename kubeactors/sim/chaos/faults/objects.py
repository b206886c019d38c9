"""Corrupted objects in the store."""

from typing import Literal

from kubeactors.sim.steps import Fault, Lasting

ClearableStatus = Literal[
    "any",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "replicationcontrollers",
    "persistentvolumes",
    "persistentvolumeclaims",
    "poddisruptionbudgets",
    "resourcequotas",
    "horizontalpodautoscalers",
    "pods",
    "nodes",
]
CorruptibleField = Literal[
    "replicas",
    "no-replicas",
    "owner-lost",
    "owner-unknown",
    "hash-lost",
    "generation",
    "holder",
    "nomination",
    "labels-lost",
    "tainted",
    "unready",
    "node-unready",
    "no-room",
]


class StatusCleared(Fault, frozen=True, kw_only=True, tag="status-cleared"):
    """The status of an object is cleared, as by a restore from a backup or a careless client.

    The component that owns it can recompute it; of pods only the conditions are cleared. `number` is an index into the
    objects of the resource by name (for `any`, of all these resources in turn), modulo how many there are.
    """

    resource: ClearableStatus
    number: int


class FieldCorrupted(Lasting, frozen=True, kw_only=True, tag="field-corrupted"):
    """A field of a stored object is corrupted, and restored after `seconds` unless a component repairs it. See `corruption.py`.

    `number` is an index into the objects that have the field, by name, modulo how many there are.
    """

    field: CorruptibleField
    number: int


ObjectFault = StatusCleared | FieldCorrupted
