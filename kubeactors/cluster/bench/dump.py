"""Imports a real cluster from `kubectl get ... -o yaml`: nodes of the same shape, and the workloads. Pure.

Nodes keep names, labels, taints and sizes. Objects lose what the server sets: uids, resource versions, timestamps,
statuses, owner references, allocated addresses, token volumes. Objects of controllers are left to these: owned pods and
ReplicaSets are created anew or, to keep pods where they are, created without owners first and adopted then.
Finished pods and Jobs, objects that are not the user's (events, leases, endpoints, revisions, static pods), and unknown
kinds are left out; the last are counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

import msgspec
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Namespace, Node, ServiceAccount
from kubeactors.apimachinery import yamltext
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.serializer import from_builtins
from kubeactors.cluster.bench.scenario import Import
from kubeactors.cluster.bench.workload import FIRST_GENERATION, GENERATION_LABEL, WORKLOAD_LABEL
from kubeactors.cluster.manifest import documents
from kubeactors.cluster.spec import NodePool

T = TypeVar("T", bound=TypedObject)
Item: TypeAlias = dict[str, object]

WAVE = "import"
"""The wave of all imported pods."""
NATIVE = ("cpu", "memory", "pods", "ephemeral-storage")
OF_THE_SERVER = ("Event", "Lease", "Endpoints", "EndpointSlice", "ControllerRevision", "ComponentStatus", "Binding")
THERE = ("default", "kube-system", "kube-public", "kube-node-lease")
"""Namespaces that exist in every cluster."""
MADE_BY_CONTROLLERS = (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt"), ("Service", "kubernetes"))
ORDER = (
    "Namespace", "PriorityClass", "StorageClass", "ServiceAccount", "PersistentVolume", "PersistentVolumeClaim",
    "ConfigMap", "Secret", "Pod", "ReplicaSet",
)  # fmt: skip
"""The kinds to create first; all others follow. Pods precede their controllers, which adopt them."""
_METADATA = ("name", "namespace", "labels", "annotations")
_TOKENS = "kube-api-access-"
_JOB_LABELS = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")


class DumpError(ValueError):
    """The file is not a dump of a cluster; the message says why."""


class Dump(msgspec.Struct, frozen=True, kw_only=True):
    """The objects to create."""

    pools: tuple[NodePool, ...]
    cordoned: tuple[str, ...]
    """Unschedulable nodes."""
    objects: tuple[TypedObject, ...]
    """In creation order."""
    wanted: tuple[int, ...]
    """The number of pods wanted for each object; those of controllers count there."""
    unknown: dict[str, int]
    """Unknown kinds, and how many objects of them there were."""


def dump_of(step: Import) -> Dump:
    """The dump of an import step; see `read_dump`."""
    return read_dump(Path(step.file), keep_pods=step.pods == "keep")


@cache
def read_dump(path: Path, *, keep_pods: bool) -> Dump:
    """Read a dump from a file.

    Raises:
        DumpError: it is not one.
        OSError: it cannot be read.
    """
    try:
        return parse_dump(path.read_text(encoding="utf-8"), keep_pods=keep_pods)
    except ValueError as error:
        raise DumpError(f"{path}: {error}") from error


def parse_dump(text: str, *, keep_pods: bool) -> Dump:
    """Parse a dump: one List, or several documents.

    Raises:
        DumpError: it is neither.
    """
    items = [item for document in documents(text) for item in _items(document)]
    nodes = [_made(one, one, Node) for one in items if one.get("kind") == "Node"]
    kinds = [(one, SCHEME.by_kind(str(one.get("apiVersion", "")), str(one.get("kind", "")))) for one in items]
    unknown: dict[str, int] = {}
    for one, kind in kinds:
        if kind is None:
            name = str(one.get("kind") or "nameless")
            unknown[name] = unknown.get(name, 0) + 1
    kept = [(one, kind.type) for one, kind in kinds if kind is not None and _is_kept(one, keep_pods=keep_pods)]
    wanted = [0 if _is_owned(one) else _pods_of(one, len(nodes)) for one, _ in kept]
    objects = [_made(one, _cleaned(one, keep_pods=keep_pods), type_) for one, type_ in kept]
    missing = [(one, 0) for one in _missing(objects)]
    ordered = sorted([*missing, *zip(objects, wanted, strict=True)], key=lambda pair: _place(pair[0]))
    return Dump(
        pools=pools_of(nodes),
        cordoned=tuple(one.metadata.name for one in nodes if one.spec.unschedulable),
        objects=tuple(one for one, _ in ordered),
        wanted=tuple(count for _, count in ordered),
        unknown=unknown,
    )


def _made(item: Item, cleaned: Item, type_: type[T]) -> T:
    try:
        return from_builtins(cleaned, type_).object
    except ValueError as error:
        raise DumpError(f'{item["kind"]} "{_at(item, "metadata").get("name")}": {error}') from error


def _items(document: bytes) -> Iterator[Item]:
    loaded = cast("object", msgspec.json.decode(yamltext.to_json(document)[0]))
    if not isinstance(loaded, dict):
        raise DumpError("this is not output of kubectl get -o yaml: a document is not an object")
    item = cast("Item", loaded)
    if str(item.get("kind", "")).endswith("List") and isinstance(item.get("items"), list):
        yield from cast("list[Item]", item["items"])
    else:
        yield item


def _place(one: TypedObject) -> int:
    return ORDER.index(one.kind) if one.kind in ORDER else len(ORDER)


def _missing(objects: Sequence[TypedObject]) -> Iterator[TypedObject]:
    """Namespaces and service accounts that objects refer to, but that are not in the dump."""
    there = {(one.kind, one.metadata.namespace, one.metadata.name): None for one in objects}
    needed: dict[tuple[str, str, str], None] = {}
    for one in objects:
        namespace = one.metadata.namespace
        if namespace and namespace not in THERE:
            needed["Namespace", "", namespace] = None
        account = _account_of(cast("Item", msgspec.to_builtins(one)))
        if account not in ("", "default"):
            needed["ServiceAccount", namespace, account] = None
    for kind, namespace, name in needed:
        if (kind, namespace, name) not in there:
            metadata = ObjectMeta(name=name, namespace=namespace)
            yield Namespace(metadata=metadata) if kind == "Namespace" else ServiceAccount(metadata=metadata)


def _account_of(item: Item) -> str:
    spec = _at(item, "spec")
    pod = _at(spec, "template", "spec") or spec
    return str(pod.get("serviceAccountName", ""))


# Nodes.


def pools_of(nodes: Sequence[Node]) -> tuple[NodePool, ...]:
    """Simulated nodes like these: one pool per shape."""
    shapes: dict[bytes, tuple[NodePool, list[str]]] = {}
    for node in nodes:
        pool = _pool(node)
        shapes.setdefault(msgspec.json.encode(pool, order="sorted"), (pool, []))[1].append(node.metadata.name)
    return tuple(replace(pool, own_names=tuple(names), count=len(names)) for pool, names in shapes.values())


def _pool(node: Node) -> NodePool:
    capacity = node.status.capacity or dict(NodePool().capacity())
    allocatable = {name: text for name, text in node.status.allocatable.items() if capacity.get(name) != text}
    labels = {key: text for key, text in node.metadata.labels.items() if key != "kubernetes.io/hostname"}
    taints = tuple(one for one in node.spec.taints if not one.key.startswith("node.kubernetes.io/"))
    return NodePool(
        cpu=capacity.get("cpu", "0"),
        memory=capacity.get("memory", "0"),
        pods=capacity.get("pods", "110"),
        racks=0,
        labels=labels,
        taints=taints,
        resources={name: text for name, text in capacity.items() if name not in NATIVE[:3]},
        allocatable=allocatable,
        start_latency_seconds=0,
    )


# Objects.


def _at(item: object, *path: str) -> Item:
    """The mapping at a path; an empty one if it is absent."""
    for key in path:
        item = cast("Item", item).get(key) if isinstance(item, dict) else None
    return cast("Item", item) if isinstance(item, dict) else {}


def _is_kept(item: Item, *, keep_pods: bool) -> bool:
    kind, metadata, status = str(item["kind"]), _at(item, "metadata"), _at(item, "status")
    if kind in ("Node", *OF_THE_SERVER) or (kind, metadata.get("name")) in MADE_BY_CONTROLLERS:
        return False
    if kind == "Namespace" and metadata.get("name") in THERE:
        return False
    if metadata.get("deletionTimestamp") or status.get("phase") in ("Succeeded", "Failed"):
        return False
    if "kubernetes.io/config.mirror" in _at(metadata, "annotations") or (kind == "Job" and _is_over(status)):
        return False
    return not _is_owned(item) or (keep_pods and kind in ("Pod", "ReplicaSet"))


def _is_owned(item: Item) -> bool:
    """Whether it belongs to a controller."""
    owners = cast("list[Item]", _at(item, "metadata").get("ownerReferences", []))
    return any(one.get("controller") for one in owners)


def _is_over(status: Item) -> bool:
    conditions = cast("list[Item]", status.get("conditions", []))
    return any(one.get("type") in ("Complete", "Failed") and one.get("status") == "True" for one in conditions)


def _cleaned(item: Item, *, keep_pods: bool) -> Item:
    """The object as a user would have written it."""
    kind = str(item["kind"])
    metadata = {key: one for key, one in _at(item, "metadata").items() if key in _METADATA}
    made: Item = {key: one for key, one in item.items() if key != "status"} | {"metadata": metadata}
    spec = dict(_at(item, "spec"))
    clean = _CLEANERS.get(kind)
    if clean is not None:
        clean(spec)
    if kind == "Pod" and not keep_pods:
        spec.pop("nodeName", None)
    if kind == "Pod":
        _without_tokens(spec)
        metadata["labels"] = _labelled(metadata.get("labels"))
    elif _at(spec, "template", "spec") and kind != "PodTemplate":
        template = dict(_at(spec, "template"))
        template["metadata"] = {
            **_at(template, "metadata"),
            "labels": _labelled(_at(template, "metadata").get("labels")),
        }
        spec["template"] = template
    return made | ({"spec": spec} if spec else {})


def _labelled(labels: object) -> Item:
    given = {key: one for key, one in cast("Item", labels or {}).items() if key not in _JOB_LABELS}
    return given | {WORKLOAD_LABEL: WAVE, GENERATION_LABEL: FIRST_GENERATION}


def _clean_pod(spec: Item) -> None:
    for key in ("priority", "preemptionPolicy", "serviceAccount", "ephemeralContainers"):
        spec.pop(key, None)


def _without_tokens(spec: Item) -> None:
    """Without the token volumes, which admission will add again."""
    volumes = cast("list[Item]", spec.get("volumes", []))
    spec["volumes"] = [one for one in volumes if not str(one.get("name")).startswith(_TOKENS)]
    for group in ("containers", "initContainers"):
        containers = cast("list[Item]", spec.get(group, []))
        spec[group] = [one | {"volumeMounts": _mounts(one)} for one in containers]


def _mounts(container: Item) -> list[Item]:
    mounts = cast("list[Item]", container.get("volumeMounts", []))
    return [one for one in mounts if not str(one.get("name")).startswith(_TOKENS)]


def _clean_service(spec: Item) -> None:
    if spec.get("clusterIP") != "None":
        for key in ("clusterIP", "clusterIPs"):
            spec.pop(key, None)


def _clean_job(spec: Item) -> None:
    if not spec.get("manualSelector"):
        spec.pop("selector", None)


def _clean_volume(spec: Item) -> None:
    claim = _at(spec, "claimRef")
    if claim:
        spec["claimRef"] = {key: claim[key] for key in ("kind", "apiVersion", "namespace", "name") if key in claim}


_CLEANERS: Mapping[str, Callable[[Item], None]] = {
    "Pod": _clean_pod,
    "Service": _clean_service,
    "Job": _clean_job,
    "PersistentVolume": _clean_volume,
}


def _pods_of(item: Item, nodes: int) -> int:
    """The number of pods wanted for an object without an owner."""
    spec, status = _at(item, "spec"), _at(item, "status")
    match item["kind"]:
        case "Pod":
            return 1
        case "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController":
            return cast("int", spec.get("replicas", 1))
        case "DaemonSet":
            return cast("int", status.get("desiredNumberScheduled", nodes))
        case "Job":
            return cast("int", spec.get("parallelism", 1))
        case _:
            return 0
