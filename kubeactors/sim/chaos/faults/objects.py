"""What is stored is wrong."""

from typing import Literal

from kubeactors.sim.steps import Fault, Lasting

Restorable = Literal[
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
Spoilable = Literal[
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
    """The status of an object is gone: somebody has restored it from a backup, or overwrites what is not his.

    Those who look after it can tell from what there is what it was: of pods only the conditions go. `number` counts the
    objects of the resource by name (of any of these resources, one after the other), modulo how many there are.
    """

    resource: Restorable
    number: int


class FieldCorrupted(Lasting, frozen=True, kw_only=True, tag="field-corrupted"):
    """A field of a stored object is wrong. It is put right after `seconds`, if nobody has done so. See `corruption.py`.

    `number` counts the objects that have such a field by name, modulo how many there are.
    """

    field: Spoilable
    number: int


ObjectFault = StatusCleared | FieldCorrupted
