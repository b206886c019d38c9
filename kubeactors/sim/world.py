"""The typed contents of the store: the ground truth that invariants compare components with."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar, cast

import msgspec

from kubeactors.api.apps.v1 import ReplicaSet
from kubeactors.api.certificates.v1.certificatesigningrequest import CertificateSigningRequest
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Event, Namespace, Node, Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.bounds.rollouts import Replicas, selector_of
from kubeactors.sim.disturbances import Disturbances
from kubeactors.sim.intents import Intents
from kubeactors.storage import StoreEvent

T = TypeVar("T", bound=TypedObject)


class Commit(msgspec.Struct, frozen=True, gc=False):
    """One write of an object: a create (`old` is None), an update, or a delete (`new` is None)."""

    revision: int
    key: str
    old: TypedObject | None
    new: TypedObject | None

    @property
    def current(self) -> TypedObject:
        """The new object; after a delete, the last one."""
        found = self.old if self.new is None else self.new
        assert found is not None  # a commit has an old object, a new one, or both
        return found


def commit_of(event: StoreEvent) -> Commit:
    """The typed form of a store event."""
    kv = event.kv
    old = cast("TypedObject | None", event.previous.value if event.previous is not None else None)
    return Commit(kv.mod_revision, kv.key, old, None if event.deleted else cast("TypedObject", kv.value))


def is_change(commit: Commit) -> bool:
    """Whether a write does something to an object, other than a heartbeat, a status of a pending pod, or an Event."""
    old, new = commit.old, commit.new
    if isinstance(old, Node) and isinstance(new, Node):
        return old.spec != new.spec or old.metadata.labels != new.metadata.labels
    if isinstance(old, Pod) and isinstance(new, Pod) and not new.spec.node_name:
        return old.spec != new.spec or old.metadata.labels != new.metadata.labels
    if isinstance(old, CertificateSigningRequest) and new is None:
        return False  # deleted when it expires, however quiet the cluster is
    return not isinstance(commit.current, Lease | Event)


def is_heartbeat(commit: Commit) -> bool:
    """Whether a write of a Node changes nothing but the times in its conditions.

    >>> is_heartbeat(Commit(revision=7, key="/nodes/a", old=Node(), new=Node()))
    True
    """
    old, new = commit.old, commit.new
    return isinstance(old, Node) and isinstance(new, Node) and _timeless(old) == _timeless(new)


def _timeless(node: Node) -> tuple[object, ...]:
    """A node without times and versions, and what its conditions report."""
    metadata = msgspec.structs.replace(node.metadata, resource_version="", managed_fields=())
    status = msgspec.structs.replace(node.status, conditions=())
    reported = [(one.type, one.status, one.reason, one.message) for one in node.status.conditions]
    return msgspec.structs.replace(node, metadata=metadata, status=status), *reported


def described(commit: Commit) -> str:
    """A description of the write.

    >>> described(Commit(revision=7, key="/pods/default/a", old=None, new=Pod()))
    '/pods/default/a was created'
    """
    if commit.old is None or commit.new is None:
        return f"{commit.key} was {'created' if commit.old is None else 'deleted'}"
    before, after = cast("tuple[dict[str, object], ...]", msgspec.to_builtins((commit.old, commit.new)))
    parts = [part for part in dict.fromkeys((*before, *after)) if before.get(part) != after.get(part)]
    said = (f"{part} {before.get(part)} became {after.get(part)}" for part in parts if part != "metadata")
    return f"{commit.key} was changed: {'; '.join(said) or 'its metadata'}"


def as_of(history: Sequence[Commit], revision: int) -> TypedObject | None:
    """The object of a name at a revision; None if there was none."""
    index = _first(history, revision)
    return history[index - 1].new if index else None


def since(history: Sequence[Commit], revision: int) -> Iterator[TypedObject | None]:
    """The object of a name at a revision, and all its later states."""
    yield as_of(history, revision)
    yield from (one.new for one in history[_first(history, revision) :])


def _first(log: Sequence[Commit], revision: int) -> int:
    """The index of the first commit after a revision."""
    return bisect_right(log, revision, key=lambda one: one.revision)


class World:
    """All objects, kept up to date commit by commit."""

    def __init__(self) -> None:
        self.revision: int = 0
        self.by_uid: dict[str, TypedObject] = {}
        self.faults: Disturbances = Disturbances(self.by_uid)
        """Which components faults affect, and until when."""
        self.intents: Intents = Intents(self)
        """What users intend for objects."""
        self.hot_node: str = ""
        """The node of the pod whose deletion was last requested or completed; empty if there was none yet."""
        self.log: dict[type[TypedObject], list[Commit]] = {}
        """All commits by kind, which event streams are compared with."""
        self._changed: dict[type[TypedObject], int] = {}
        """By kind: the revision of its last commit that is not a heartbeat."""
        self._histories: dict[type[TypedObject], dict[tuple[str, str], list[Commit]]] = {}
        """The same by namespace and name."""
        self._log_by_node: dict[str, list[Commit]] = {}
        """Commits of pods by the node that the pod is, or was, bound to: what its kubelet watches."""
        self._objects: dict[type[TypedObject], dict[str, TypedObject]] = {}
        self._by_name: dict[type[TypedObject], dict[tuple[str, str], TypedObject]] = {}
        """The same by namespace and name."""
        self._on_node: dict[str, dict[str, Pod]] = {}
        """Pods by the node they are bound to, and by key; unbound pods under the empty name."""
        self._terminating: dict[str, Pod] = {}
        """Terminating pods by key."""
        self._controlled: dict[str, dict[str, TypedObject]] = {}

    def of(self, type_: type[T]) -> Mapping[str, T]:
        """The objects of a kind by their key in the store."""
        return cast("dict[str, T]", self._objects.get(type_, {}))

    def everything(self) -> Iterator[tuple[str, TypedObject]]:
        """All objects with their keys, kind by kind."""
        for objects in self._objects.values():
            yield from objects.items()

    def log_of(self, type_: type[TypedObject], node: str = "") -> list[Commit]:
        """All commits of a kind; with a node, those of its pods."""
        if node and type_ is Pod:
            return self._log_by_node.setdefault(node, [])
        return self.log.setdefault(type_, [])

    def histories(self, type_: type[TypedObject]) -> Mapping[tuple[str, str], list[Commit]]:
        """All commits of a kind by namespace and name: of successive objects, if they had the same name."""
        return self._histories.get(type_, {})

    def history_of(self, type_: type[TypedObject], namespace: str, name: str) -> list[Commit]:
        """The commits under one name; the list grows with later commits."""
        return self._histories.setdefault(type_, {}).setdefault((namespace, name), [])

    def find(self, type_: type[T], name: str, namespace: str = "default") -> T | None:
        """The object of that name."""
        return cast("T | None", self._by_name.get(type_, {}).get((namespace, name)))

    def is_ending(self, one: TypedObject) -> bool:
        """Whether it is terminating, or its namespace is, so that nothing is created for it any more."""
        if one.metadata.deletion_timestamp is not None:
            return True
        namespace = one.metadata.namespace
        return bool(namespace) and self.is_namespace_ending(namespace)

    def is_namespace_ending(self, namespace: str) -> bool:
        """Whether the namespace is terminating, or has gone, so that everything in it is deleted."""
        found = self.find(Namespace, namespace, "")
        return found is None or found.metadata.deletion_timestamp is not None

    def pods_on(self, node: str) -> Collection[Pod]:
        """The pods bound to a node, ended or not; the unbound ones if the name is empty."""
        return self._on_node.get(node, {}).values()

    def terminating_pods(self) -> Collection[Pod]:
        """The terminating pods."""
        return self._terminating.values()

    def controlled_by(self, uid: str) -> Mapping[str, TypedObject]:
        """The objects whose controller has that uid."""
        return self._controlled.get(uid, {})

    def pods_of(self, owner: Replicas) -> Iterator[Pod]:
        """The pods of an owner that match its selector; others are about to be released."""
        selector = selector_of(owner)
        for one in self.controlled_by(owner.metadata.uid).values():
            if isinstance(one, Pod) and selector.matches(one.metadata.labels):
                yield one

    def sets_of(self, uid: str) -> Iterator[ReplicaSet]:
        """The ReplicaSets of the deployment with that uid."""
        for one in self.controlled_by(uid).values():
            if isinstance(one, ReplicaSet):
                yield one

    def has_changed(self, kinds: Iterable[type[TypedObject]], since: int) -> bool:
        """Whether an object of these kinds was written after that revision; heartbeats of nodes do not count."""
        return any(self._changed.get(kind, 0) > since for kind in kinds)

    def changes_since(self, revision: int) -> Iterator[Commit]:
        """The first commit of each kind after a revision, without heartbeats and Events."""
        for log in self.log.values():
            yield from islice((one for one in log[_first(log, revision) :] if is_change(one)), 1)

    # Commits.

    def apply(self, event: StoreEvent) -> Commit:
        """Apply a commit of the store."""
        commit = commit_of(event)
        old, new = commit.old, commit.new
        if old is not None:
            self._remove(commit.key, old)
        if new is not None:
            self._put(commit.key, new)
            if old is not None and controller_of(old.metadata) is None:
                self.intents.adopted(new)
        self.revision = commit.revision
        type_, metadata = type(commit.current), commit.current.metadata
        if not is_heartbeat(commit):
            self._changed[type_] = commit.revision
        if old is None:
            self.intents.created(commit.current)
        self.log.setdefault(type_, []).append(commit)
        self.history_of(type_, metadata.namespace, metadata.name).append(commit)
        if isinstance(old, Pod) and (new is None or new.metadata.deletion_timestamp != old.metadata.deletion_timestamp):
            self.hot_node = old.spec.node_name or self.hot_node
        if isinstance(commit.current, Pod):
            for node in dict.fromkeys(one.spec.node_name for one in (old, new) if isinstance(one, Pod)):
                self._log_by_node.setdefault(node, []).append(commit)
        return commit

    def _put(self, key: str, new: TypedObject) -> None:
        metadata = new.metadata
        self._objects.setdefault(type(new), {})[key] = new
        self._by_name.setdefault(type(new), {})[metadata.namespace, metadata.name] = new
        self.by_uid[metadata.uid] = new
        if isinstance(new, Pod):
            self._on_node.setdefault(new.spec.node_name, {})[key] = new
            if metadata.deletion_timestamp is not None:
                self._terminating[key] = new
        controller = controller_of(metadata)
        if controller is not None:
            self._controlled.setdefault(controller.uid, {})[key] = new

    def _remove(self, key: str, old: TypedObject) -> None:
        metadata = old.metadata
        del self._objects[type(old)][key]
        del self._by_name[type(old)][metadata.namespace, metadata.name]
        self.by_uid.pop(metadata.uid, None)
        if isinstance(old, Pod):
            del self._on_node[old.spec.node_name][key]
            self._terminating.pop(key, None)
        controller = controller_of(metadata)
        if controller is not None:
            self._controlled[controller.uid].pop(key, None)
