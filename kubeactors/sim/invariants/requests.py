"""What holds of how components write: they say which object they delete, know what they wrote, and write what is news.

Each mistake of this kind does harm only when something else happens in between, and that is rare. So requests
themselves are looked at: nobody has to wait for the accident.
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
from kubeactors.api.core.v1.secret import SERVICE_ACCOUNT_NAME
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Create, Delete, Get, List, Patch, Result, Update
from kubeactors.apimachinery.status import Status
from kubeactors.client import Overlay, controller_of
from kubeactors.sim.invariants.inspection import UNDISTURBED, commit_behind, is_condemned
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import kind_of_process
from kubeactors.sim.world import World

NODES, JOBS, PODS, ACCOUNTS = "nodes", "jobs", "pods", "serviceaccounts"
CONFLICT, INVALID, BAD_REQUEST = "Conflict", "Invalid", "BadRequest"
FAILURE = "Failure"
SCALE = "scale"
KUBELETS = "node-"
SIDE_BY_SIDE = (KUBELETS, "scheduler")
"""Who may have asked for another write of an object before he is told of one."""
KNOWN = 10 * SECOND
"""So soon after it was written everybody knows an object, if nothing is broken."""
TOLD = SECOND
"""What somebody was told so long ago he knows."""
BURYING = "podgc"
"""The controller that removes pods whose node is gone: it has to know."""
WAITING = "foregroundDeletion"
"""The finalizer of an owner that is to go after what it owns: then that goes though its owner is there."""

Place: TypeAlias = tuple[str, str, str]
"""A resource in the plural, a namespace, a name."""

MEANWHILE = ("metadata.uid", "Only one reference can have Controller set to true", "ValidatingAdmissionPolicy")
"""What is said of a write that comes too late: the object is another one by now, somebody else has adopted it, or users let
it not be written any more."""


class DeletionsHavePreconditions(RequestInvariant):
    """Who deletes an object says which one it is: another of its name may have come since."""

    name: ClassVar[str] = "deletions-have-preconditions"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete,)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each deletion."""
        request = asked.request
        if isinstance(request, Delete) and not (request.options.preconditions and request.options.preconditions.uid):
            yield f"{asked.sender.path} deletes {told(request)} whatever it is by then: it does not name its uid"


class WritesHavePreconditions(RequestInvariant):
    """Who binds a pod says which one it is, and who replaces an object which version of it he has read.

    Otherwise another pod of its name is bound, or what somebody else has written meanwhile is lost.
    """

    name: ClassVar[str] = "writes-have-preconditions"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Create, Update)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each binding, and at each update."""
        request = asked.request
        if isinstance(request, Create) and request.subresource == "binding" and not request.object.metadata.uid:
            yield f"{asked.sender.path} binds {told(request)} whichever it is by then: it does not name its uid"
        if (
            isinstance(request, Update)
            and request.subresource != SCALE
            and not request.object.metadata.resource_version
        ):
            yield f"{asked.sender.path} replaces {told(request)} whatever it is by then: it does not name its version"


class ComponentsSendValidRequests(RequestInvariant):
    """No component asks for what can never be: it is refused only because of what others have done meanwhile."""

    name: ClassVar[str] = "components-send-valid-requests"

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each refusal."""
        if (
            isinstance(answer, Status)
            and answer.reason in (INVALID, BAD_REQUEST)
            and not any(one in answer.message for one in MEANWHILE)
        ):
            yield f"{asked.sender.path} asks for {told(asked.request)}, and is told: {answer.message}"


class NoConflictsWithOwnWrites(RequestInvariant):
    """Nobody is refused an update because of what he has written, and has been told that he has.

    However much he lags, if he keeps an overlay over his cache: who has been told a while ago need not wait for his
    watch. Who has not may have asked twice if he was out of reach. What was written for an owner that has gone may be
    forgotten. Kubelets are left out: they may ask for two writes of their node at once, and read it again when one is
    refused. So does a scheduler with a claim that two pods share: it binds them side by side
    (`bindClaim` in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go, v1.36).
    """

    name: ClassVar[str] = "no-conflicts-with-own-writes"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._newest: dict[str, tuple[object, str]] = {}
        """By uid: who wrote an object last, and the version that it has since."""
        self._told: dict[str, int] = {}
        """By uid: when he was told so."""

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
                yield f"{asked.sender.path} does not know its own last write of {told(request)}"

    def _is_orphan(self, found: TypedObject) -> bool:
        owner = controller_of(found.metadata)
        return owner is not None and owner.uid not in self.world.by_uid

    def _is_undisturbed(self, asked: Asked) -> bool:
        return self.world.faults.disturbed_until(kind_of_process(asked.component)) + UNDISTURBED < self.root.kernel.now


def _remembers(actor: object) -> bool:
    return any(isinstance(one, Overlay) for one in vars(actor).values())


def _is_conflict(answer: object) -> bool:
    return isinstance(answer, Status) and answer.reason == CONFLICT


class NoRedundantWrites(RequestInvariant):
    """Nobody who is undisturbed writes again what is there already, and has been for a while."""

    name: ClassVar[str] = "no-redundant-writes"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._revisions: list[int] = []
        self._times: list[int] = []
        """When the store had come to each of these, at the latest."""

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each write that has changed nothing."""
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
        known = max(
            self._time_of(revision) + KNOWN,
            self.world.faults.disturbed_until(kind_of_process(asked.component)) + UNDISTURBED,
        )
        if known < now:
            yield f"{asked.sender.path} writes {told(asked.request)}, and nothing of it is new"

    def _time_of(self, revision: int) -> int:
        return self._times[bisect_left(self._revisions, revision)]


class OnlyKubeletsConfirmDeletion(RequestInvariant):
    """Nobody but the kubelet of a pod says that it has gone: others ask it to, and it may take its time.

    Who deletes a pod at once that runs somewhere lets the next one of its identity begin beside it. Only of pods whose
    node does not exist can that be said from afar.

    Source: "Force Delete StatefulSet Pods" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "only-kubelets-confirm-deletion"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete,)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each deletion of a pod at once."""
        request = asked.request
        if (
            isinstance(request, Delete)
            and request.resource.resource == PODS
            and request.options.grace_period_seconds == 0
            and not asked.component.startswith(KUBELETS)
            and controller_name(asked.sender) != BURYING
        ):
            yield f"{asked.sender.path} deletes {told(request)} at once, and does not ask it to go"


class DestructionNeedsALiveRead(RequestInvariant):
    """Who destroys an object because of what is not there any more has asked the server for that: caches are old.

    That is a pod whose node is gone, an object whose owners are, a token whose account is, a job whose time is over.

    Source: attemptToDeleteItem in pkg/controller/garbagecollector/garbagecollector.go, checkIfNodeExists in
    pkg/controller/podgc/gc_controller.go, processJob in pkg/controller/ttlafterfinished/ttlafterfinished_controller.go
    (v1.36).
    """

    name: ClassVar[str] = "destruction-needs-a-live-read"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._read: dict[tuple[object, Place], None] = {}
        """Which actors have asked for what."""

    def read(self, reader: Cell, request: Get | List) -> Iterator[str]:
        """Note it."""
        if isinstance(request, Get):
            self._read[reader.actor, (request.resource.resource, request.namespace, request.name)] = None
        yield from ()

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each deletion; one that was refused was perhaps decided on for what is no longer so."""
        request, sender = asked.request, asked.sender
        if not isinstance(request, Delete) or request.options.preconditions is None or is_refusal(answer):
            return
        gone = self._last(request, request.options.preconditions.uid)
        for place in self._grounds(controller_name(sender), gone) if gone is not None else ():
            if (sender.actor, place) not in self._read:
                yield f"{sender.path} deletes {told(request)}, and has not asked whether {' '.join(place)} is there"

    def _grounds(self, controller: str, gone: TypedObject) -> Iterable[Place]:
        """What a controller must have asked for before it deletes this."""
        match controller, gone:
            case "podgc", Pod() if is_condemned(gone):
                return [(NODES, "", gone.spec.node_name)]
            case "ttl-after-finished", Job(metadata=metadata):
                return [(JOBS, metadata.namespace, metadata.name)]
            case "serviceaccount-token", Secret(metadata=metadata):
                return [(ACCOUNTS, metadata.namespace, metadata.annotations.get(SERVICE_ACCOUNT_NAME, ""))]
            case "garbagecollector", _:
                return self._owners(gone)
            case _:
                return ()

    def _owners(self, gone: TypedObject) -> Iterator[Place]:
        """Those that have never waited for it to go, as far as their kinds are known."""
        for one in gone.metadata.owner_references:
            kind = SCHEME.by_kind(one.api_version, one.kind)
            if kind is not None and not self._waits(kind.type, one.uid):
                yield kind.resource, gone.metadata.namespace if kind.namespaced else "", one.name

    def _waits(self, type_: type[TypedObject], uid: str) -> bool:
        """Whether an owner was ever to go after what it owns: a user may have changed his mind since."""
        states = (one.current.metadata for one in self.world.log_of(type_))
        return any(WAITING in one.finalizers for one in states if one.uid == uid)

    def _last(self, request: Delete, uid: str | None) -> TypedObject | None:
        """What is deleted, as it was in the end."""
        kind = SCHEME.by_resource(request.resource)
        if kind is None or uid is None:
            return None
        states = (one.current for one in reversed(self.world.log_of(kind.type)))
        return next((one for one in states if one.metadata.uid == uid), None)


def is_refusal(answer: object) -> bool:
    """Whether the server has not done what it was asked for."""
    return isinstance(answer, Status) and answer.status == FAILURE


def controller_name(sender: Cell) -> str:
    """The name of a controller, which is that of its actor."""
    return sender.path.rpartition("/")[2]


def told(request: ApiRequest[object]) -> str:
    """What a request is about, for people.

    >>> from kubeactors.apimachinery.requests import GroupVersionResource
    >>> told(Delete(resource=GroupVersionResource("apps", "v1", "deployments"), namespace="default", name="web"))
    'deployments default/web'
    """
    path = "/".join(part for part in (request.namespace, request.name) if part)
    return f"{request.resource.resource}{'/' if request.subresource else ''}{request.subresource} {path}"


class UserIntentIsPreserved(RequestInvariant):
    """No component changes what only users say: what they want of a workload, how they taint a node.

    How many pods a deployment has may be an autoscaler's matter, and where a pod is, is the scheduler's.
    """

    name: ClassVar[str] = "user-intent-is-preserved"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Update, Patch)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Compare what a write has changed."""
        if not isinstance(answer, Result) or not isinstance(asked.request, Update | Patch):
            return
        commit = commit_behind(self.world, answer.object) if isinstance(answer.object, SAID) else None
        if commit is None or commit.old is None or commit.new is None or commit.revision <= asked.revision:
            return
        before, after = _words(commit.old), _words(commit.new)
        if before != after:
            yield f"{asked.sender.path} writes {told(asked.request)}: {before} became {after}"


SAID = (
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
"""The kinds of which users say most."""


def _words(value: TypedObject) -> object:
    """What users say of an object."""
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
"""What holds of what our own components ask for."""
