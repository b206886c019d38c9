"""The objects that a scenario creates. Pure."""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, ReplicaSet, StatefulSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.core.v1 import Container, Pod, PodSpec, PodTemplateSpec, ResourceRequirements, Toleration
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.serializer import from_builtins
from kubeactors.cluster.bench.scenario import Create, PodShape

WORKLOAD_LABEL = "bench.kubeactors.io/workload"
"""On every pod of a scenario: the name of its wave."""
GENERATION_LABEL = "bench.kubeactors.io/generation"
"""On every pod of a scenario: the number of template changes before it was created."""
FIRST_GENERATION = "0"

_TYPES: dict[str, type[TypedObject]] = {one.__name__: one for one in (Pod, Deployment, ReplicaSet, StatefulSet, Job)}
_LOST = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")


class WorkloadError(ValueError):
    """A template is not valid; the message says why."""


def pod_spec(shape: PodShape) -> PodSpec:
    """The spec of the pods of a shape.

    Raises:
        WorkloadError: the template is not valid.
    """
    return _template(shape).spec


def pod_of(shape: PodShape) -> Pod:
    """A bare pod without a name."""
    template = _template(shape)
    return Pod(metadata=replace(template.metadata, namespace=shape.namespace), spec=template.spec)


def named(pod: Pod, name: str) -> Pod:
    """The pod with a name. All share their spec, so that it is processed once."""
    return replace(pod, metadata=replace(pod.metadata, name=name))


def names(wave: Create) -> Iterator[str]:
    """The names of the objects of a wave.

    >>> list(names(Create(name="web", count=2)))
    ['web-1', 'web-2']
    """
    return (f"{wave.name}-{number}" for number in range(1, wave.count + 1))


def objects(wave: Create) -> Iterator[TypedObject]:
    """All objects of a wave, in order.

    Raises:
        WorkloadError: the template is not valid.
    """
    if wave.kind == "Pod":
        pod = pod_of(wave)
        yield from (named(pod, name) for name in names(wave))
    else:
        yield from (_controller(wave, name) for name in names(wave))


def type_of(kind: str) -> type[TypedObject]:
    """The type of the objects of a wave of this kind."""
    return _TYPES[kind]


def update_patch(image: str, generation: str, container: str) -> dict[str, object]:
    """The strategic merge patch that changes the image of a workload.

    >>> update_patch("a:2", "1", "app")["spec"]["template"]["spec"]
    {'containers': [{'name': 'app', 'image': 'a:2'}]}
    """
    labels = {GENERATION_LABEL: generation}
    spec = {"containers": [{"name": container, "image": image}]}
    return {"spec": {"template": {"metadata": {"labels": labels}, "spec": spec}}}


def _controller(wave: Create, name: str) -> TypedObject:
    template = cast("dict[str, object]", msgspec.to_builtins(_template(wave, {"app": name})))
    spec: dict[str, object] = {"template": template}
    if wave.kind == "Job":
        spec |= {"completions": wave.replicas, "parallelism": wave.replicas}
        cast("dict[str, object]", template["spec"])["restartPolicy"] = "Never"
    else:
        spec |= {"replicas": wave.replicas, "selector": {"matchLabels": {"app": name}}}
    if wave.kind == "StatefulSet":
        spec |= {"serviceName": name, "podManagementPolicy": "Parallel"}
    metadata = {"name": name, "namespace": wave.namespace}
    return from_builtins({"metadata": metadata, "spec": spec}, type_of(wave.kind)).object


def _template(shape: PodShape, labels: Mapping[str, str] | None = None) -> PodTemplateSpec:
    try:
        decoded = from_builtins(shape.template, PodTemplateSpec)
    except ValueError as error:
        raise WorkloadError(str(error)) from error
    if decoded.strict_errors:
        raise WorkloadError(", ".join(decoded.strict_errors))
    known = {WORKLOAD_LABEL: shape.name, GENERATION_LABEL: FIRST_GENERATION, **(labels or {})}
    given = decoded.object.metadata
    metadata = ObjectMeta(labels={**given.labels, **known}, annotations=given.annotations)
    return PodTemplateSpec(metadata=metadata, spec=_spec(shape, decoded.object.spec))


def _spec(shape: PodShape, given: PodSpec) -> PodSpec:
    """The template's spec, completed by the fields of the shape."""
    command = ("sh", "-c", "exit 0") if isinstance(shape, Create) and shape.kind == "Job" else ()
    resources = ResourceRequirements(requests={"cpu": str(shape.cpu), "memory": str(shape.memory)})
    usual = Container(name="app", image=shape.image, command=command, resources=resources)
    tolerations = given.tolerations + _tolerations(shape.toleration_seconds)
    return replace(given, containers=given.containers or (usual,), tolerations=tolerations)


def _tolerations(seconds: int | None) -> tuple[Toleration, ...]:
    if seconds is None:
        return ()
    return tuple(
        Toleration(key=key, operator="Exists", effect="NoExecute", toleration_seconds=seconds) for key in _LOST
    )
