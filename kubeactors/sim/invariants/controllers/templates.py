"""Invariant of the pods that controllers create: they are made from the template, and bear the marks of their controller."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, TypeAlias

from kubeactors.api.apps.v1 import DaemonSet, ReplicaSet, StatefulSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.core.v1 import Pod, PodTemplateSpec, ReplicationController
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.invariants.inspection import key_of
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit

Controller: TypeAlias = ReplicaSet | ReplicationController | StatefulSet | DaemonSet | Job
REVISION = "controller-revision-hash"
GENERATION, OF_TEMPLATE = "pod-template-generation", "deprecated.daemonset.template.generation"
POD_NAME, POD_INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
JOB_UID, JOB_NAME = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"
JOB_INDEX = "batch.kubernetes.io/job-completion-index"


class PodsAreMadeFromTemplates(Invariant):
    """A new pod has the labels, the annotations and the images of a template that its controller had, and what marks it.

    That is: of a stateful set or daemon set its revision, of a stateful set also its name and ordinal, of a daemon set the
    generation of the template, and of a job the job's uid and name, and its index.

    Source: newVersionedStatefulSetPod in pkg/controller/statefulset/stateful_set_utils.go, CreatePodTemplate in
    pkg/controller/daemon/util/daemonset_util.go, newPodTemplate in pkg/controller/job/job_controller.go,
    GetPodFromTemplate in pkg/controller/controller_utils.go (v1.36).
    """

    name: ClassVar[str] = "pods-are-made-from-templates"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each pod that a controller has created."""
        pod, reference = commit.new, controller_of(commit.current.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        if commit.old is not None or not isinstance(pod, Pod) or not isinstance(owner, Controller):
            return
        if not any(_is_made_from(pod, one.spec.template) for one in self._states(owner)):
            yield f"{title(pod)} has labels, annotations or images that {title(owner)} never had in its template"
        if not any(_has(pod.metadata.labels, _marks(one, pod)) for one in self._states(owner)):
            marks = _marks(owner, pod)
            yield f"{title(pod)} has the labels {dict(pod.metadata.labels)}, but {title(owner)} marks its pods by {marks}"

    def _states(self, owner: Controller) -> Iterator[Controller]:
        """The states of the controller, the newest first: mostly that is the one that the pod was made from."""
        for commit in reversed(self.world.history_of(type(owner), *key_of(owner))):
            if isinstance(commit.new, Controller) and commit.new.metadata.uid == owner.metadata.uid:
                yield commit.new


def _is_made_from(pod: Pod, template: PodTemplateSpec | None) -> bool:
    return (
        template is not None
        and _has(pod.metadata.labels, template.metadata.labels)
        and _has(pod.metadata.annotations, template.metadata.annotations)
        and [one.image for one in pod.spec.containers] == [one.image for one in template.spec.containers]
    )


def _has(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether all these are there; those with an empty value have any value.

    >>> _has({"a": "1", "b": "2"}, {"a": "1", "b": ""}), _has({"a": "2"}, {"a": "1"}), _has({}, {"a": ""})
    (True, False, False)
    """
    return all(found.get(key) == value if value else key in found for key, value in wanted.items())


def _marks(owner: Controller, pod: Pod) -> dict[str, str]:
    """The labels by which the controller marks this pod; an empty value stands for any."""
    name, metadata = pod.metadata.name, owner.metadata
    match owner:
        case StatefulSet():
            return {REVISION: "", POD_NAME: name, POD_INDEX: name.rpartition("-")[2]}
        case DaemonSet():
            generation = metadata.annotations.get(OF_TEMPLATE)
            return {REVISION: ""} | ({GENERATION: generation} if generation else {})
        case Job():
            indexed = owner.spec.completion_mode == "Indexed"
            return {JOB_UID: metadata.uid, JOB_NAME: metadata.name} | ({JOB_INDEX: ""} if indexed else {})
        case _:
            return {}


INVARIANTS: tuple[type[Invariant], ...] = (PodsAreMadeFromTemplates,)
