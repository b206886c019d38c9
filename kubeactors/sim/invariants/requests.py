"""Invariants of components' requests: preconditions, validity, necessity.

A mistake of this kind does harm only if something else happens at the wrong moment, which is rare. So the requests
themselves are judged, not their consequences.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import ClassVar, TypeAlias

from msgspec.structs import replace

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api import SCHEME
from kubeactors.api.apps.v1 import DaemonSet, Deployment, StatefulSet
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.core.v1 import Node, Pod, ReplicationController, Secret, Service
from kubeactors.api.core.v1.persistentvolume import FAILED, RELEASED, PersistentVolume
from kubeactors.api.core.v1.secret import SERVICE_ACCOUNT_NAME
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Create, Delete, Get, List, Patch, Result, Update
from kubeactors.apimachinery.status import Status
from kubeactors.client import Overlay, controller_of
from kubeactors.sim.invariants.inspection import commit_behind, informed_at, is_lost_with_node
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import kind_of_process
from kubeactors.sim.world import World

NODES, JOBS, PODS, ACCOUNTS, CLAIMS = "nodes", "jobs", "pods", "serviceaccounts", "persistentvolumeclaims"
CONFLICT, INVALID, BAD_REQUEST = "Conflict", "Invalid", "BadRequest"
FAILURE = "Failure"
SCALE = "scale"
KUBELETS = "node-"
SIDE_BY_SIDE = (KUBELETS, "scheduler")
"""Components that may send a second write of an object before the first is answered."""
KNOWN = 10 * SECOND
"""Without faults every component has seen a write after this long."""
TOLD = SECOND
"""A component has handled an answer that it received this long ago."""
BURYING = "podgc"
"""The pod garbage collector, which force-deletes pods whose node no longer exists."""
WAITING = "foregroundDeletion"
"""The finalizer of foreground deletion: the dependents are deleted while their owner still exists."""

Place: TypeAlias = tuple[str, str, str]
"""A resource in the plural, a namespace, a name."""

MEANWHILE = ("metadata.uid", "Only one reference can have Controller set to true", "ValidatingAdmissionPolicy")
"""Messages of rejections of writes that came too late: the object was recreated or adopted by another controller, or a new
admission policy forbids the write."""


class DeletionsHavePreconditions(RequestInvariant):
    """A component's deletion has a uid precondition, because the object may have been recreated under its name."""

    name: ClassVar[str] = "deletions-have-preconditions"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete,)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each deletion."""
        request = asked.request
        if isinstance(request, Delete) and not (request.options.preconditions and request.options.preconditions.uid):
            yield f"{asked.sender.path} deletes {described(request)} without a uid precondition"


class WritesHavePreconditions(RequestInvariant):
    """A binding names the pod's uid, and an update the resource version that it is based on.

    Otherwise a pod recreated under that name is bound, or another client's write in between is overwritten.
    """

    name: ClassVar[str] = "writes-have-preconditions"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Create, Update)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each binding, and at each update."""
        request = asked.request
        if isinstance(request, Create) and request.subresource == "binding" and not request.object.metadata.uid:
            yield f"{asked.sender.path} binds {described(request)} without the pod's uid"
        if (
            isinstance(request, Update)
            and request.subresource != SCALE
            and not request.object.metadata.resource_version
        ):
            yield f"{asked.sender.path} updates {described(request)} without a resource version"


class ComponentsSendValidRequests(RequestInvariant):
    """No component's request is rejected as invalid, unless another write in between made it so."""

    name: ClassVar[str] = "components-send-valid-requests"
    answers: ClassVar[tuple[type[object], ...]] = (Status,)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each rejection."""
        if (
            isinstance(answer, Status)
            and answer.reason in (INVALID, BAD_REQUEST)
            and not any(one in answer.message for one in MEANWHILE)
        ):
            yield f"{asked.sender.path} sent an invalid write of {described(asked.request)}: {answer.message}"


class NoConflictsWithOwnWrites(RequestInvariant):
    """No component's update conflicts with its own last acknowledged write.

    A component with an overlay of its writes need not wait for its watch, however much that lags. One without may repeat
    a write while it was disturbed. Writes for a deleted owner may be forgotten. Kubelets are exempt: they may send two
    writes of their node at once, and re-read it after a conflict; so is the scheduler, which binds two pods that share
    a claim concurrently (`bindClaim` in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go, v1.36).
    """

    name: ClassVar[str] = "no-conflicts-with-own-writes"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._newest: dict[str, tuple[object, str]] = {}
        """By uid: the last writer of an object, and the resource version of that write."""
        self._told: dict[str, int] = {}
        """By uid: when that write was acknowledged."""

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Note each success; look at each conflict."""
        request, actor = asked.request, asked.sender.actor
        if isinstance(answer, Result):
            metadata = answer.object.metadata
            self._newest[metadata.uid] = (actor, metadata.resource_version)
            self._told[metadata.uid] = self.root.kernel.now
        elif isinstance(request, Update) and _is_conflict(answer) and not asked.component.startswith(SIDE_BY_SIDE):
            uid = request.object.metadata.uid
            now = self.world.by_uid.get(uid)
            if now is None or self._newest.get(uid) != (actor, now.metadata.resource_version) or self._is_orphan(now):
                return
            if (_remembers(actor) and self._told[uid] + TOLD < asked.at) or self._is_undisturbed(asked):
                yield f"{asked.sender.path} updates {described(request)} from a version older than its own last write"

    def _is_orphan(self, found: TypedObject) -> bool:
        owner = controller_of(found.metadata)
        return owner is not None and owner.uid not in self.world.by_uid

    def _is_undisturbed(self, asked: Asked) -> bool:
        return informed_at(self.world, kind_of_process(asked.component)) < self.root.kernel.now


def _remembers(actor: object) -> bool:
    return any(isinstance(one, Overlay) for one in vars(actor).values())


def _is_conflict(answer: object) -> bool:
    return isinstance(answer, Status) and answer.reason == CONFLICT


class NoRedundantWrites(RequestInvariant):
    """No undisturbed component sends a write that changes nothing, when it must have seen the current state.

    One whose writes a user's rule has just rejected may repeat them: a kubelet confirms the deletion of a pod even if a user
    has deleted that by force.
    """

    name: ClassVar[str] = "no-redundant-writes"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._revisions: list[int] = []
        self._times: list[int] = []
        """When the store had reached each of `_revisions`, at the latest (virtual nanoseconds)."""

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each write that changed nothing."""
        now = self.root.kernel.now
        if not self._revisions or self._revisions[-1] != self.world.revision:
            self._revisions.append(self.world.revision)
            self._times.append(now)
        if not isinstance(asked.request, Update | Patch | Delete) or not isinstance(answer, Result):
            return
        metadata = answer.object.metadata
        revision = int(metadata.resource_version or 0)
        if not 0 < revision <= asked.revision or metadata.uid not in self.world.by_uid:
            return
        author = kind_of_process(asked.component)
        since = max(self._time_of(revision), self.world.faults.slowed_until(author))
        known = max(since + KNOWN, informed_at(self.world, author))
        if known < now:
            yield f"{asked.sender.path} writes {described(asked.request)}, but the write changes nothing"

    def _time_of(self, revision: int) -> int:
        return self._times[bisect_left(self._revisions, revision)]


class OnlyKubeletsConfirmDeletion(RequestInvariant):
    """Only a pod's kubelet deletes it with a grace period of 0; other components request a graceful deletion.

    If a pod that still runs is deleted at once, the next pod of its identity may start beside it. Only for a pod whose
    node no longer exists may another component, the pod garbage collector, do so.

    Source: "Force Delete StatefulSet Pods" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "only-kubelets-confirm-deletion"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete,)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each deletion of a pod with a grace period of 0."""
        request = asked.request
        if (
            isinstance(request, Delete)
            and request.resource.resource == PODS
            and request.options.grace_period_seconds == 0
            and not asked.component.startswith(KUBELETS)
            and controller_name(asked.sender) != BURYING
        ):
            yield f"{asked.sender.path} deletes {described(request)} with a grace period of 0, which only its kubelet may do"


class DestructionNeedsALiveRead(RequestInvariant):
    """A controller that deletes an object because another one is absent has confirmed that by a live read.

    That is: a pod because of its node, a dependent because of its owners, a token Secret because of its service account,
    and a finished job because its TTL is over (there the job itself is read). Nor does it give up a volume, which may be
    deleted then, because of its claim.

    Source: attemptToDeleteItem in pkg/controller/garbagecollector/garbagecollector.go, checkIfNodeExists in
    pkg/controller/podgc/gc_controller.go, processJob in pkg/controller/ttlafterfinished/ttlafterfinished_controller.go,
    syncVolume in pkg/controller/volume/persistentvolume/pv_controller.go (v1.36).
    """

    name: ClassVar[str] = "destruction-needs-a-live-read"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete, Update, Patch)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._read: dict[tuple[object, Place], None] = {}
        """What each actor has read live."""

    def read(self, reader: Cell, request: Get | List) -> Iterator[str]:
        """Note each live read."""
        if isinstance(request, Get):
            self._read[reader.actor, (request.resource.resource, request.namespace, request.name)] = None
        yield from ()

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each deletion; a rejected one may have been decided on a state that has changed since."""
        request, sender = asked.request, asked.sender
        gone: TypedObject | None = None
        if isinstance(request, Delete):
            if request.options.preconditions is not None and not is_refusal(answer):
                gone = self._last(request, request.options.preconditions.uid)
        elif isinstance(answer, Result) and isinstance(answer.object, PersistentVolume):
            gone = self._released(answer.object)
        for place in self._grounds(controller_name(sender), gone) if gone is not None else ():
            if (sender.actor, place) not in self._read:
                deed = "deletes" if isinstance(request, Delete) else "releases"
                yield f"{sender.path} {deed} {described(request)} without a live read of {' '.join(filter(None, place))}"

    def _released(self, volume: PersistentVolume) -> PersistentVolume | None:
        """The volume, if this write has given it up."""
        commit = commit_behind(self.world, volume)
        before = commit.old if commit is not None else None
        was_kept = isinstance(before, PersistentVolume) and before.status.phase not in {RELEASED, FAILED}
        return volume if was_kept and volume.status.phase == RELEASED else None

    def _grounds(self, controller: str, gone: TypedObject) -> Iterable[Place]:
        """What a controller must have read before it deletes this object."""
        match controller, gone:
            case "podgc", Pod() if is_lost_with_node(gone):
                return [(NODES, "", gone.spec.node_name)]
            case "ttl-after-finished", Job(metadata=metadata):
                return [(JOBS, metadata.namespace, metadata.name)]
            case "serviceaccount-token", Secret(metadata=metadata):
                return [(ACCOUNTS, metadata.namespace, metadata.annotations.get(SERVICE_ACCOUNT_NAME, ""))]
            case "garbagecollector", _:
                return self._owners(gone)
            case "persistentvolume-binder", PersistentVolume(spec=spec) if spec.claim_ref is not None:
                return [(CLAIMS, spec.claim_ref.namespace, spec.claim_ref.name)]
            case _:
                return ()

    def _owners(self, gone: TypedObject) -> Iterator[Place]:
        """The owners that were never in foreground deletion, as far as their kinds are built in."""
        for one in gone.metadata.owner_references:
            kind = SCHEME.by_kind(one.api_version, one.kind)
            if kind is not None and not self._waits(kind.type, one.uid):
                yield kind.resource, gone.metadata.namespace if kind.namespaced else "", one.name

    def _waits(self, type_: type[TypedObject], uid: str) -> bool:
        """Whether an owner was ever in foreground deletion; a user may have ended that since."""
        states = (one.current.metadata for one in self.world.log_of(type_))
        return any(WAITING in one.finalizers for one in states if one.uid == uid)

    def _last(self, request: Delete, uid: str | None) -> TypedObject | None:
        """The last state of the deleted object."""
        kind = SCHEME.by_resource(request.resource)
        if kind is None or uid is None:
            return None
        states = (one.current for one in reversed(self.world.log_of(kind.type)))
        return next((one for one in states if one.metadata.uid == uid), None)


def is_refusal(answer: object) -> bool:
    """Whether the server rejected the request."""
    return isinstance(answer, Status) and answer.status == FAILURE


def controller_name(sender: Cell) -> str:
    """The name of a controller, which is its actor's name."""
    return sender.path.rpartition("/")[2]


def described(request: ApiRequest[object]) -> str:
    """The resource, subresource and name that a request is about, for messages.

    >>> from kubeactors.apimachinery.requests import GroupVersionResource
    >>> described(Delete(resource=GroupVersionResource("apps", "v1", "deployments"), namespace="default", name="web"))
    'deployments default/web'
    """
    path = "/".join(part for part in (request.namespace, request.name) if part)
    return f"{request.resource.resource}{'/' if request.subresource else ''}{request.subresource} {path}"


class UserIntentIsPreserved(RequestInvariant):
    """No component changes what only users decide: specs, and the taints that they set on nodes.

    Exempt are a deployment's `replicas`, which an autoscaler may set, and a pod's `nodeName`, which the scheduler sets.
    """

    name: ClassVar[str] = "user-intent-is-preserved"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Update, Patch)
    answers: ClassVar[tuple[type[object], ...]] = (Result,)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Compare the users' fields before and after a write."""
        if not isinstance(answer, Result) or not isinstance(asked.request, Update | Patch):
            return
        commit = commit_behind(self.world, answer.object) if isinstance(answer.object, DECLARED) else None
        if commit is None or commit.old is None or commit.new is None or commit.revision <= asked.revision:
            return
        before, after = _intent(commit.old), _intent(commit.new)
        if before != after:
            yield f"{asked.sender.path} changes fields of {described(asked.request)} that belong to users: {before} became {after}"


DECLARED = (
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicationController,
    Job,
    CronJob,
    Service,
    PodDisruptionBudget,
    HorizontalPodAutoscaler,
    Node,
    Pod,
)
"""The kinds whose specs belong to users."""


def _intent(value: TypedObject) -> object:
    """The fields of an object that belong to users."""
    match value:
        case Node():
            return [one for one in value.spec.taints if "kubernetes.io/" not in one.key]
        case Deployment():
            return replace(value.spec, replicas=None)
        case Pod():
            return replace(value.spec, node_name="")
        case (
            StatefulSet()
            | DaemonSet()
            | ReplicationController()
            | Job()
            | CronJob()
            | Service()
            | PodDisruptionBudget()
            | HorizontalPodAutoscaler()
        ):
            return value.spec
        case _:
            return None


INVARIANTS: tuple[type[Invariant], ...] = (
    DeletionsHavePreconditions,
    WritesHavePreconditions,
    ComponentsSendValidRequests,
    NoConflictsWithOwnWrites,
    NoRedundantWrites,
    OnlyKubeletsConfirmDeletion,
    DestructionNeedsALiveRead,
    UserIntentIsPreserved,
)
"""The invariants of this file."""
