"""Stages: KWOK's way to say how pods and nodes behave (kwok.x-k8s.io/v1alpha1), played in place of kubelets.

    stage.py        a Stage as Structs             lifecycle.py    which one is next, and when
    query.py        the part of jq they use        template.py     the part of text/template they use
    pipeline.py     the inside of its actions      functions.py    what they can call
    player.py       the actor

It is no container runtime: a stage writes any field of a status, adds finalizers, deletes, and does so for nodes too,
which containers and their states cannot express. So it stands beside the kubelet, and speaks to the API server as
kubelets do.

Who sends to it: informers; the machines, when power goes and comes. What it sends: nodes, leases, patches and
deletions to the API server; events to an event sink.
Where its behaviour comes from: kubernetes-sigs/kwok v0.8.
"""

from collections.abc import Iterable

from kubeactors.kubelet.stages.lifecycle import CompiledStage, StageError
from kubeactors.kubelet.stages.player import Darken, Lighten, StagePlayer
from kubeactors.kubelet.stages.stage import Stage


def compiled(stages: Iterable[Stage]) -> tuple[CompiledStage, ...]:
    """Stages, ready to be played.

    Raises:
        StageError: one of them says something that is not supported.
    """
    return tuple(CompiledStage(one) for one in stages)


__all__ = ["CompiledStage", "Darken", "Lighten", "Stage", "StageError", "StagePlayer", "compiled"]
