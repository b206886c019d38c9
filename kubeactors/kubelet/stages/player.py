"""The actor that plays the stages of pods and nodes, in place of kubelets."""

from collections.abc import Iterable
from typing import TypeAlias, cast

from msgspec.structs import replace

from kubeactors.actor import Actor, handle
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Node, NodeStatus, ObjectReference, Pod
from kubeactors.apimachinery import yamltext
from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.requests import MERGE_PATCH, STRATEGIC_MERGE_PATCH, RenewLeases
from kubeactors.apimachinery.serializer import to_builtins
from kubeactors.apimachinery.status import AlreadyExists, Conflict, NotFound, StatusError
from kubeactors.client import Client, EventRecorder, InformerFactory, Notify, RecordEvent, SharedInformer, key_of
from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.heartbeat import LEASE_NAMESPACE, NodeReporter
from kubeactors.kubelet.node_status import new_node
from kubeactors.kubelet.stages.functions import local
from kubeactors.kubelet.stages.lifecycle import CompiledStage, choose, new_finalizers
from kubeactors.kubelet.stages.pipeline import TemplateError
from kubeactors.kubelet.stages.stage import StagePatch, StageStep
from kubeactors.kubelet.stages.template import Template
from kubeactors.message import Message, Recipient
from kubeactors.network import IPAllocator

SECOND = 1_000_000_000
RETRY_SECONDS = 1.0
CHUNK = 1000
"""How many Leases are renewed by one request."""
NOW = DeleteOptions(grace_period_seconds=0)
VERSION = "kwok://0.8"


class Play(Message, frozen=True):
    """Sent to itself by a timer: play a stage (by its index) for an object at this revision."""

    kind: str
    key: str
    revision: str
    stage: int


class Register(Message, frozen=True):
    """Sent to itself: register these nodes."""

    names: tuple[str, ...]


class Beat(Message, frozen=True):
    """Sent to itself by a timer: renew all Leases."""


class Darken(Message, frozen=True):
    """These machines have lost power: their objects are frozen."""

    names: tuple[str, ...]


class Lighten(Message, frozen=True):
    """These machines have power again."""

    names: tuple[str, ...]


PlayerMessage: TypeAlias = Play | Register | Beat | Darken | Lighten | Notify


class StagePlayer(Actor[PlayerMessage], reentrant=True, deterministic=True):
    """Registers nodes, renews their Leases, and plays the stages of the nodes and their pods.

    These nodes have no kubelets and no containers: statuses are only what stages write. Without a stage for Nodes they
    are Ready from the start.

    Args:
        client: writes objects.
        configs: the nodes.
        stages: the stages, in order.
        events: the event sink.
    """

    def __init__(
        self,
        client: Client,
        configs: Iterable[KubeletConfig],
        stages: Iterable[CompiledStage],
        events: Recipient[RecordEvent],
    ) -> None:
        self._client = client
        self._configs = {one.node_name: one for one in configs}
        self._stages = tuple(stages)
        self._events = events
        self._dark: dict[str, None] = {}
        self._registered: dict[str, None] = {}
        self._addresses: dict[str, IPAllocator] = {}
        self._taken: dict[str, tuple[str, str]] = {}
        """The node and the address of each pod, by UID."""

    def started(self) -> None:
        """Subscribe, and register the nodes."""
        factory = InformerFactory(self.ctx, self._client)
        pods, nodes = factory.of(Pod), factory.of(Node)
        self._informers = {
            "Pod": cast("SharedInformer[TypedObject]", pods),
            "Node": cast("SharedInformer[TypedObject]", nodes),
        }
        self._recorder = EventRecorder(self._events, self.ctx, "kwok", "")
        for informer in self._informers.values():
            informer.subscribe(self.ctx.self)
        self.ctx.self.tell(Register(tuple(self._configs)))
        interval = min((one.heartbeat_seconds for one in self._configs.values()), default=10.0)
        self.ctx.every(interval, Beat(), key="beat")

    # Nodes.

    @handle
    async def register(self, message: Register) -> None:
        """Create Nodes and Leases, and retry those that fail."""
        late: list[str] = []
        for name in message.names:
            try:
                await self._register(self._configs[name])
                self._registered[name] = None
            except StatusError as error:
                self.ctx.log.info("stages.not_registered", node=name, error=str(error))
                late.append(name)
        if late:
            self.ctx.after(RETRY_SECONDS, Register(tuple(late)), key="register")

    async def _register(self, config: KubeletConfig) -> None:
        now = self.ctx.timestamp()
        reporter = NodeReporter(self._client, config, VERSION)
        if any(one.kind == "Node" for one in self._stages):
            node = new_node(config, VERSION, now)
            status = NodeStatus(capacity=node.status.capacity, allocatable=node.status.allocatable)
            try:
                await self._client.create(replace(node, status=status))
            except AlreadyExists:
                self._consider("Node", await self._client.get(Node, config.node_name))
        else:
            await reporter.register(now)
        await reporter.refresh()
        await reporter.renew(self.ctx.microtime())

    @handle
    async def beat(self, message: Beat) -> None:
        """Renew the Leases of nodes that have power, and recreate those whose renewal fails."""
        names = [name for name in self._registered if name not in self._dark]
        for start in range(0, len(names), CHUNK):
            request = RenewLeases(
                resource=self._client.resource(Lease),
                namespace=LEASE_NAMESPACE,
                names=tuple(names[start : start + CHUNK]),
                renew_time=self.ctx.microtime(),
                user=self._client.user,
            )
            try:
                failed = (await self._client.send(request)).failed
            except StatusError as error:
                self.ctx.log.info("stages.not_renewed", error=str(error))
                continue
            if failed:
                self.ctx.self.tell(Register(failed))

    @handle
    def darken(self, message: Darken) -> None:
        """Freeze the objects of these machines."""
        self._dark |= dict.fromkeys(message.names)

    @handle
    def lighten(self, message: Lighten) -> None:
        """Unfreeze the objects of these machines."""
        for name in message.names:
            self._dark.pop(name, None)
        self.ctx.self.tell(Register(message.names))
        for kind, informer in self._informers.items():
            for one in list(informer.indexer.objects.values()):
                if _node_of(one) in message.names:
                    self._consider(kind, one)

    # Stages.

    @handle
    def changed(self, message: Notify) -> None:
        """Schedule the next stage of each changed object."""
        for change in message.changes:
            kind = change.current.kind
            if change.new is not None:
                self._consider(kind, change.new)
            else:
                self.ctx.cancel_timer(f"{kind} {change.key}")
                self._release(change.current.metadata.uid)

    def _consider(self, kind: str, one: TypedObject) -> None:
        node = _node_of(one)
        if node not in self._configs or node in self._dark:
            return
        if isinstance(one, Pod) and one.status.pod_ip:
            self._take(one, self._configs[node])
        data = to_builtins(one)
        stage = choose([each for each in self._stages if each.kind == kind], data, self.ctx.random)
        key = key_of(one)
        if stage is None:
            self.ctx.cancel_timer(f"{kind} {key}")
            return
        play = Play(kind, key, one.metadata.resource_version, self._stages.index(stage))
        delay = stage.delay(data, self.ctx.wall, self.ctx.random)
        self.ctx.after(delay / SECOND, play, key=f"{kind} {key}")

    @handle
    async def play(self, message: Play) -> None:
        """Play a stage if the object is unchanged; if it is not, its next stage was scheduled anew."""
        one = self._informers[message.kind].indexer.objects.get(message.key)
        if one is None or one.metadata.resource_version != message.revision or _node_of(one) in self._dark:
            return
        stage = self._stages[message.stage]
        try:
            await self._play(one, stage)
        except (Conflict, NotFound):
            return  # the watch will deliver the change
        except StatusError as error:
            self.ctx.log.warning("stages.refused", stage=stage.name, object=message.key, error=str(error))
            self.ctx.after(RETRY_SECONDS, message, key=f"{message.kind} {message.key}")
        except (TemplateError, yamltext.YAMLError) as error:
            self.ctx.log.warning("stages.wrong", stage=stage.name, object=message.key, error=str(error))

    async def _play(self, one: TypedObject, stage: CompiledStage) -> None:
        for step, template in zip(stage.steps, stage.templates, strict=True):
            if step.event is not None:
                event = step.event
                self._recorder.event(_reference(one), event.type, event.reason, event.message)
            if step.finalizers is not None:
                await self._change_finalizers(one, step)
            if step.delete:
                metadata = one.metadata
                await self._client.delete(type(one), metadata.name, metadata.namespace, options=NOW)
                return
            if step.patch is not None and template is not None:
                await self._patch(one, step.patch, template)

    async def _change_finalizers(self, one: TypedObject, step: StageStep) -> None:
        assert step.finalizers is not None
        wanted = new_finalizers(one.metadata.finalizers, step.finalizers)
        if wanted != one.metadata.finalizers:
            patch = {"metadata": {"finalizers": list(wanted)}}
            name, namespace = one.metadata.name, one.metadata.namespace
            await self._client.patch(type(one), name, patch, namespace, patch_type=MERGE_PATCH)

    async def _patch(self, one: TypedObject, patch: StagePatch, template: Template) -> None:
        functions = local(self, _node_of(one), one.metadata.uid)
        body, _ = yamltext.to_json(template.render(to_builtins(one), functions).encode())
        if patch.root:
            body = b'{"' + patch.root.encode() + b'":' + body + b"}"
        kind = MERGE_PATCH if patch.type == "merge" else STRATEGIC_MERGE_PATCH
        name, namespace, part = one.metadata.name, one.metadata.namespace, patch.subresource
        await self._client.patch(type(one), name, body, namespace, patch_type=kind, subresource=part)

    # Functions of templates.

    def now(self) -> str:
        """See `Surroundings`."""
        return self.ctx.timestamp()

    def node_ip(self, node: str) -> str:
        """See `Surroundings`."""
        config = self._configs.get(node)
        return config.node_ip if config is not None else ""

    def pod_ip(self, node: str, uid: str) -> str:
        """See `Surroundings`."""
        if uid in self._taken:
            return self._taken[uid][1]
        config = self._configs.get(node)
        if config is None:
            return ""
        address = self._addresses_of(config).allocate(uid) or ""
        self._taken[uid] = node, address
        return address

    def _addresses_of(self, config: KubeletConfig) -> IPAllocator:
        found = self._addresses.get(config.node_name)
        if found is None:
            found = self._addresses[config.node_name] = IPAllocator(config.pod_cidr)
        return found

    def _take(self, pod: Pod, config: KubeletConfig) -> None:
        """Note the address that a pod has already, from an earlier player."""
        uid = pod.metadata.uid
        if uid not in self._taken and not pod.spec.host_network:
            self._addresses_of(config).take(pod.status.pod_ip, uid)
            self._taken[uid] = config.node_name, pod.status.pod_ip

    def _release(self, uid: str) -> None:
        node, address = self._taken.pop(uid, ("", ""))
        if address:
            self._addresses[node].release(address, uid)


def _node_of(one: TypedObject) -> str:
    return one.spec.node_name if isinstance(one, Pod) else one.metadata.name


def _reference(one: TypedObject) -> ObjectReference:
    metadata = one.metadata
    return ObjectReference(
        kind=one.kind, namespace=metadata.namespace, name=metadata.name, uid=metadata.uid, api_version=one.api_version
    )
