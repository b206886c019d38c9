"""KWOK's Stages, which simulate the behaviour of pods and nodes (kwok.x-k8s.io/v1alpha1), played in place of kubelets.

    stage.py        Stages as Structs              lifecycle.py    the next stage, and when
    query.py        the supported part of jq       template.py     the supported part of text/template
    pipeline.py     the actions of templates       functions.py    the functions of templates
    player.py       the actor

This is not a container runtime: a stage writes any field of a status, adds finalizers and deletes objects, nodes
included, which a runtime cannot express. So it stands beside the kubelet, and talks to the API server as kubelets do.
It receives changes from informers, and messages about power failures. It sends nodes, leases, patches and deletions to
the API server, and events to the event sink.
Source: kubernetes-sigs/kwok v0.8.
"""

from collections.abc import Iterable

from kubeactors.kubelet.stages.lifecycle import CompiledStage, StageError
from kubeactors.kubelet.stages.player import Darken, Lighten, StagePlayer
from kubeactors.kubelet.stages.stage import Stage


def compiled(stages: Iterable[Stage]) -> tuple[CompiledStage, ...]:
    """Compile stages.

    Raises:
        StageError: one of them uses an unsupported feature.
    """
    return tuple(CompiledStage(one) for one in stages)


__all__ = ["CompiledStage", "Darken", "Lighten", "Stage", "StageError", "StagePlayer", "compiled"]
