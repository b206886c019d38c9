"""The user of a simulated cluster: does the actions of a plan, as a person with kubectl would.

Reads, changes, writes; reads again after a conflict; tries again while the API server is away. What is refused for
good is left: in a plan from which steps were taken, many an action has lost its object.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from msgspec.structs import replace

from kubeactors.actor import Actor, handle
from kubeactors.api.apps.v1 import (
    Deployment,
    DeploymentSpec,
    DeploymentStrategy,
    ReplicaSet,
    RollingUpdateDeployment,
)
from kubeactors.api.core.v1 import (
    Container,
    Node,
    Pod,
    PodSpec,
    PodTemplateSpec,
    ResourceRequirements,
    Service,
    ServicePort,
    ServiceSpec,
    Toleration,
)
from kubeactors.apimachinery.meta import DeleteOptions, LabelSelector, ObjectMeta, TypedObject
from kubeactors.apimachinery.status import AlreadyExists, Conflict, NotFound, ServiceUnavailable, StatusError, Timeout
from kubeactors.client import Client, is_controlled_by
from kubeactors.message import Message
from kubeactors.sim.workload import (
    AddPod,
    AnyAction,
    Cordon,
    CreateDeployment,
    DeleteDeployment,
    DeletePod,
    Pause,
    RecreatePod,
    RecreateService,
    RelabelPod,
    Resume,
    Roll,
    Scale,
    Uncordon,
    Undo,
)
from kubeactors.sim.world import World

T = TypeVar("T", bound=TypedObject)

NAMESPACE = "default"
APP = "app"
ASTRAY = "astray"
"""The value of the label `app` that takes a pod out of its ReplicaSet."""
HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"

ATTEMPTS = 12
RETRY_SECONDS = 1.0
NAME_ATTEMPTS = 600
NAME_SECONDS = 0.1
"""How often it is tried whether a name is free again."""


class Perform(Message, frozen=True):
    """Do this now."""

    action: AnyAction


class User(Actor[Perform], reentrant=True, deterministic=True):
    """Does actions, several at a time if the API server is slow.

    Args:
        client: with the rights of an administrator.
        world: is told what the user takes into his own hands.
    """

    def __init__(self, client: Client, world: World) -> None:
        self._client = client
        self._world = world

    @handle
    async def perform(self, message: Perform) -> None:
        """Do it, patiently."""
        for _ in range(ATTEMPTS):
            try:
                await self._do(message.action)
            except (Conflict, Timeout, ServiceUnavailable):
                await self.ctx.sleep(RETRY_SECONDS)
            except StatusError as error:
                self.ctx.log.info("user.refused", action=repr(message.action), error=str(error))
                return
            else:
                return

    def _do(self, action: AnyAction) -> Awaitable[None]:  # noqa: C901, PLR0912 -- one line for each action
        match action:
            case CreateDeployment():
                return self._create(action)
            case Scale():
                return self._deployment(action.name, lambda spec: replace(spec, replicas=action.replicas))
            case Roll():
                return self._deployment(action.name, lambda spec: with_image(spec, action.image))
            case Pause():
                return self._deployment(action.name, lambda spec: replace(spec, paused=True))
            case Resume():
                return self._deployment(action.name, lambda spec: replace(spec, paused=False))
            case Undo():
                return self._undo(action.name)
            case DeleteDeployment():
                return self._delete_deployment(action)
            case DeletePod():
                return self._delete_pod(action)
            case RelabelPod():
                return self._relabel_pod(action)
            case AddPod():
                return self._add_pod(action)
            case RecreatePod():
                return self._recreate_pod(action)
            case Cordon():
                return self._cordon(action.node, unschedulable=True)
            case Uncordon():
                return self._cordon(action.node, unschedulable=False)
            case RecreateService():
                return self._recreate_service(action.name)

    # Deployments.

    async def _create(self, action: CreateDeployment) -> None:
        await self._ensure(deployment_of(action))
        await self._ensure(service_of(action.name))

    async def _ensure(self, wanted: TypedObject) -> None:
        with suppress(AlreadyExists):
            await self._client.create(wanted)

    async def _deployment(self, name: str, change: Callable[[DeploymentSpec], DeploymentSpec]) -> None:
        live = await self._client.get(Deployment, name, NAMESPACE)
        spec = change(live.spec)
        if spec != live.spec:
            await self._client.update(replace(live, spec=spec))

    async def _undo(self, name: str) -> None:
        """Source: kubectl pkg/polymorphichelpers/rollback.go (v1.36)."""
        live = await self._client.get(Deployment, name, NAMESPACE)
        sets = await self._client.list(ReplicaSet, NAMESPACE)
        owned = [one for one in sets.items if is_controlled_by(one.metadata, live.metadata.uid)]
        owned.sort(key=lambda one: int(one.metadata.annotations.get(REVISION, "0")))
        if len(owned) > 1 and not live.spec.paused:
            template = without_hash(owned[-2].spec.template)
            await self._client.update(replace(live, spec=replace(live.spec, template=template)))

    async def _delete_deployment(self, action: DeleteDeployment) -> None:
        live = await self._client.get(Deployment, action.name, NAMESPACE)
        self._world.deleting(live, orphan=action.propagation == "Orphan")
        options = DeleteOptions(propagation_policy=action.propagation)
        with suppress(NotFound):
            await self._client.delete(Service, action.name, NAMESPACE)
        await self._client.delete(Deployment, action.name, NAMESPACE, options=options)

    # Pods and others.

    async def _pod(self, name: str, number: int) -> Pod | None:
        pods = await self._client.list(Pod, NAMESPACE, label_selector=f"{APP}={name}")
        present = [one for one in pods.items if one.metadata.deletion_timestamp is None]
        return present[number % len(present)] if present else None

    async def _delete_pod(self, action: DeletePod) -> None:
        pod = await self._pod(action.name, action.number)
        if pod is not None:
            self._world.takes_in_hand(pod)
            await self._client.delete(Pod, pod.metadata.name, NAMESPACE)

    async def _relabel_pod(self, action: RelabelPod) -> None:
        pod = await self._pod(action.name, action.number)
        if pod is not None:
            labels = {**pod.metadata.labels, APP: ASTRAY}
            changed = await self._client.update(replace(pod, metadata=replace(pod.metadata, labels=labels)))
            self._world.sets_free(changed)

    async def _add_pod(self, action: AddPod | RecreatePod) -> None:
        spec = pod_spec(CreateDeployment(at=0, name=action.name, replicas=0))
        metadata = ObjectMeta(name=action.pod, namespace=NAMESPACE, labels={APP: action.name})
        self._world.sets_free(await self._client.create(Pod(metadata=metadata, spec=spec)))

    async def _recreate_pod(self, action: RecreatePod) -> None:
        with suppress(NotFound):
            live = await self._client.get(Pod, action.pod, NAMESPACE)
            self._world.takes_in_hand(live)
            await self._client.delete(Pod, action.pod, NAMESPACE)
        for _ in range(NAME_ATTEMPTS):
            try:
                await self._add_pod(action)
            except AlreadyExists:
                await self.ctx.sleep(NAME_SECONDS)
            else:
                return

    async def _cordon(self, name: str, *, unschedulable: bool) -> None:
        live = await self._client.get(Node, name)
        if live.spec.unschedulable != unschedulable:
            await self._client.update(replace(live, spec=replace(live.spec, unschedulable=unschedulable)))

    async def _recreate_service(self, name: str) -> None:
        with suppress(NotFound):
            await self._client.delete(Service, name, NAMESPACE)
        await self._ensure(service_of(name))


def deployment_of(action: CreateDeployment) -> Deployment:
    """The deployment that the action creates."""
    labels = {APP: action.name}
    rolling = RollingUpdateDeployment(max_unavailable=action.max_unavailable, max_surge=action.max_surge)
    strategy = DeploymentStrategy(
        type="Recreate" if action.recreate else "RollingUpdate", rolling_update=None if action.recreate else rolling
    )
    return Deployment(
        metadata=ObjectMeta(name=action.name, namespace=NAMESPACE),
        spec=DeploymentSpec(
            replicas=action.replicas,
            selector=LabelSelector(match_labels=labels),
            template=PodTemplateSpec(metadata=ObjectMeta(labels=labels), spec=pod_spec(action)),
            strategy=strategy,
        ),
    )


def pod_spec(action: CreateDeployment) -> PodSpec:
    """What the action's pods run."""
    requests = {"cpu": action.cpu}
    tolerations = tuple(
        Toleration(key=key, operator="Exists", effect="NoExecute", toleration_seconds=action.tolerate_seconds)
        for key in (NOT_READY, UNREACHABLE)
    )
    container = Container(name="main", image=image_of(action.image), resources=ResourceRequirements(requests=requests))
    return PodSpec(containers=(container,), tolerations=tolerations, termination_grace_period_seconds=5)


def service_of(name: str) -> Service:
    """The service in front of a deployment."""
    spec = ServiceSpec(ports=(ServicePort(port=80),), selector={APP: name})
    return Service(metadata=ObjectMeta(name=name, namespace=NAMESPACE), spec=spec)


def image_of(tag: str) -> str:
    """The full name of an image.

    >>> image_of("2")
    'registry.example/app:2'
    """
    return f"registry.example/app:{tag}"


def with_image(spec: DeploymentSpec, tag: str) -> DeploymentSpec:
    """The same pods with another image."""
    containers = tuple(replace(one, image=image_of(tag)) for one in spec.template.spec.containers)
    template = replace(spec.template, spec=replace(spec.template.spec, containers=containers))
    return replace(spec, template=template)


def without_hash(template: PodTemplateSpec) -> PodTemplateSpec:
    """A ReplicaSet's template as its deployment had it."""
    labels = {key: value for key, value in template.metadata.labels.items() if key != HASH_LABEL}
    return replace(template, metadata=replace(template.metadata, labels=labels))
