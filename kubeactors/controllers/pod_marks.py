"""Classifies pod changes by marks, so that only the controllers concerned are notified. Pure.

A pod that is created, scheduled and started changes three times. Without marks a dozen controllers would handle each
change only to find that the pod is another controller's, or that nothing they count has changed.
"""

from typing import Final

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.client import Change, controller_of
from kubeactors.controllers.pods import DISRUPTION_TARGET, FAILED, SUCCEEDED, condition, is_ready, owner_changed

GONE: Final = 1
"""It was deleted."""
PLACED: Final = 2
"""It is new, or its node or its tolerations have changed."""
SERVES: Final = 4
"""It may affect endpoints: it is new or gone, or its labels, owners, node, addresses, phase or readiness changed."""
ENDED: Final = 8
"""It has finished, now or before."""
TERMINATING: Final = 16
"""It is terminating, since now or before."""
STRAY: Final = 32
"""It is or was an orphan, and is new, gone, released or relabelled: an owner may adopt it."""

CLAIMING: Final = 4096
"""It has resource claims or ephemeral volumes."""

DISRUPTED: Final = 8192
"""It has the condition DisruptionTarget."""

_OWNED = {"ReplicaSet": 64, "ReplicationController": 128, "StatefulSet": 256, "DaemonSet": 512, "Job": 1024}
_OWNED_BY_OTHERS = 2048


def owned_by(kind: str) -> int:
    """The mark of changes of pods whose controller is, or was, of this kind."""
    return _OWNED[kind]


def marks_of(change: Change[Pod]) -> int:
    """All marks of a change.

    >>> marks_of(Change("ADDED", "default/web", None, Pod())) == PLACED | SERVES | STRAY
    True
    >>> marks_of(Change("MODIFIED", "default/web", Pod(), Pod()))
    0
    """
    old, new = change.old, change.new
    claiming = CLAIMING if change.current.spec.resource_claims else 0
    if old is None or new is None:
        pod = change.current
        if any(one.ephemeral is not None for one in pod.spec.volumes):  # these do not change
            claiming = CLAIMING
        owned = _owned(pod.metadata) or STRAY
        comes_or_goes = PLACED | _disruption(pod) if old is None else GONE
        return claiming | owned | SERVES | comes_or_goes | _ending(pod)
    marks = claiming | _of_owners(old.metadata, new.metadata) | _of_spec(old, new)
    return marks | _of_status(old, new) | _ending(new)


def _of_owners(old: ObjectMeta, new: ObjectMeta) -> int:
    labelled = old.labels != new.labels
    serves = SERVES if labelled or old.deletion_timestamp != new.deletion_timestamp else 0
    owned = _owned(new)
    if owner_changed(old, new):
        return serves | SERVES | STRAY | owned | _owned(old)
    return serves | (owned or (STRAY if labelled or new.finalizers else 0))


def _of_spec(old: Pod, new: Pod) -> int:
    before, after = old.spec, new.spec
    if before is after:
        return 0
    moved = before.node_name != after.node_name
    return PLACED | SERVES if moved or before.tolerations != after.tolerations else 0


def _of_status(old: Pod, new: Pod) -> int:
    before, after = old.status, new.status
    if before is after:
        return 0
    same = before.phase == after.phase and before.pod_ips == after.pod_ips and is_ready(old) == is_ready(new)
    return (0 if same else SERVES) | _disruption(new)


def _disruption(pod: Pod) -> int:
    found = condition(pod, DISRUPTION_TARGET)
    return DISRUPTED if found is not None and found.status == "True" else 0


def _ending(pod: Pod) -> int:
    finished = ENDED if pod.status.phase in (SUCCEEDED, FAILED) else 0
    return finished if pod.metadata.deletion_timestamp is None else finished | TERMINATING


def _owned(metadata: ObjectMeta) -> int:
    reference = controller_of(metadata) if metadata.owner_references else None
    return 0 if reference is None else _OWNED.get(reference.kind, _OWNED_BY_OTHERS)
