"""Extenders: HTTP webhooks of the scheduler, with kube-scheduler's protocol.

Nothing here opens a connection: an `Extender` is given a function that carries a `CallExtender`. In a cluster that is
an ask of an actor of the composition root (`cluster/extenders.py`), so this room needs no event loop, the simulator can
stand in for extenders, and binding cycles continue meanwhile.

Source: pkg/scheduler/extender.go, k8s.io/kube-scheduler/extender/v1/types.go (v1.36).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from kubeactors.api.core.v1 import Node, Pod, PodSpec
from kubeactors.message import Message, Request
from kubeactors.scheduler.framework import MAX_NODE_SCORE
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Candidate

EXTENDER = "Extender"
"""The plugin name of extenders in messages and hints."""
MAX_EXTENDER_PRIORITY = 10
OK = 200

T = TypeVar("T")


class ExtenderTLS(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """TLS settings: how to verify the extender, and our client certificate."""

    insecure: bool = False
    server_name: str = ""
    cert_file: str = ""
    key_file: str = ""
    ca_file: str = ""
    cert_data: bytes = b""
    key_data: bytes = b""
    ca_data: bytes = b""


class ManagedResource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """An extended resource that the extender manages."""

    name: str
    ignored_by_scheduler: bool = False


class ExtenderConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An extender, as in a KubeSchedulerConfiguration.

    Source: k8s.io/kube-scheduler/config/v1/types.go, Extender (v1.36).
    """

    url_prefix: str = msgspec.field(name="urlPrefix")
    filter_verb: str = msgspec.field(name="filterVerb", default="")
    preempt_verb: str = msgspec.field(name="preemptVerb", default="")
    prioritize_verb: str = msgspec.field(name="prioritizeVerb", default="")
    weight: int = 0
    bind_verb: str = msgspec.field(name="bindVerb", default="")
    enable_https: bool = msgspec.field(name="enableHTTPS", default=False)
    tls_config: ExtenderTLS | None = msgspec.field(name="tlsConfig", default=None)
    http_timeout: str = msgspec.field(name="httpTimeout", default="5s")
    node_cache_capable: bool = msgspec.field(name="nodeCacheCapable", default=False)
    managed_resources: tuple[ManagedResource, ...] = msgspec.field(name="managedResources", default=())
    ignorable: bool = False


class ExtenderReply(Message, frozen=True):
    """The response. `error` says why there is none."""

    status: int = OK
    body: bytes = b""
    error: str = ""


class CallExtender(Request[ExtenderReply], frozen=True):
    """Post a JSON body to the extender."""

    extender: ExtenderConfig
    verb: str
    body: bytes

    @property
    def url(self) -> str:
        """The URL to post to."""
        return f"{self.extender.url_prefix.rstrip('/')}/{self.verb}"


Call: TypeAlias = Callable[[CallExtender], Awaitable[ExtenderReply]]


async def no_call(call: CallExtender) -> ExtenderReply:
    """Fail: extenders cannot be reached from here."""
    return ExtenderReply(error=f'extender "{call.extender.url_prefix}" cannot be reached from here')


class ExtenderFailed(Exception):
    """An extender could not be reached, or its response is invalid. The pod is retried after its backoff."""


class Filtered(msgspec.Struct, frozen=True, kw_only=True):
    """The names of the nodes that pass, and why the others do not."""

    names: tuple[str, ...]
    failed: Mapping[str, str]
    unresolvable: Mapping[str, str]


class _NodeList(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Node, ...] = ()
    kind: str = "NodeList"
    api_version: str = msgspec.field(name="apiVersion", default="v1")


class _Args(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    pod: Pod
    nodes: _NodeList | None = None
    node_names: tuple[str, ...] | None = None


class _Name(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""


class _NamedNode(msgspec.Struct, frozen=True, kw_only=True):
    metadata: _Name = _Name()


class _NamedNodes(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[_NamedNode, ...] | None = None


class _FilterResult(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    nodes: _NamedNodes | None = None
    node_names: tuple[str, ...] | None = None
    failed_nodes: dict[str, str] | None = None
    failed_and_unresolvable_nodes: dict[str, str] | None = None
    error: str = ""


class _HostPriority(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    host: str
    score: int


class _BindingArgs(msgspec.Struct, frozen=True, kw_only=True):
    pod_name: str = msgspec.field(name="PodName")
    pod_namespace: str = msgspec.field(name="PodNamespace")
    pod_uid: str = msgspec.field(name="PodUID")
    node: str = msgspec.field(name="Node")


class _BindingResult(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    error: str = ""


class _MetaPod(msgspec.Struct, frozen=True, kw_only=True):
    uid: str = msgspec.field(name="UID")


class _MetaVictims(msgspec.Struct, frozen=True, kw_only=True):
    pods: tuple[_MetaPod, ...] = msgspec.field(name="Pods", default=())
    violations: int = msgspec.field(name="NumPDBViolations", default=0)


class _Victims(msgspec.Struct, frozen=True, kw_only=True):
    pods: tuple[Pod, ...] = msgspec.field(name="Pods", default=())
    violations: int = msgspec.field(name="NumPDBViolations", default=0)


class _PreemptionArgs(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    pod: Pod
    node_name_to_victims: dict[str, _Victims] | None = None
    node_name_to_meta_victims: dict[str, _MetaVictims] | None = None


class _PreemptionResult(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    node_name_to_meta_victims: dict[str, _MetaVictims] | None = None


class Extender:
    """An extender: builds requests and interprets responses."""

    def __init__(self, config: ExtenderConfig, call: Call) -> None:
        self.config: ExtenderConfig = config
        self._call = call
        self._managed = frozenset(one.name for one in config.managed_resources)

    def is_interested(self, pod: PodInfo) -> bool:
        """Whether it is called for this pod: for all pods, or only for those that request its managed resources."""
        return not self._managed or any(one in self._managed for one in _resources(pod.pod.spec))

    async def filter(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filtered:
        """Filter the nodes.

        Raises:
            ExtenderFailed: it failed, or named other nodes.
        """
        names = tuple(one.name for one in nodes)
        if not self.config.filter_verb:
            return Filtered(names=names, failed={}, unresolvable={})
        result = await self._ask(self.config.filter_verb, self._args(pod, nodes), _FilterResult)
        if result.error:
            raise ExtenderFailed(result.error)
        left: tuple[str, ...] = ()
        if self.config.node_cache_capable and result.node_names is not None:
            left = result.node_names
        elif result.nodes is not None:
            left = tuple(one.metadata.name for one in result.nodes.items or ())
        known = dict.fromkeys(names)
        stranger = next((one for one in left if one not in known), None)
        if stranger is not None:
            raise ExtenderFailed(
                f'extender "{self.config.url_prefix}" claims a filtered node "{stranger}" which is not found in the'
                " input node list"
            )
        return Filtered(
            names=left, failed=result.failed_nodes or {}, unresolvable=result.failed_and_unresolvable_nodes or {}
        )

    async def prioritize(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> dict[str, int]:
        """The weighted score of each node.

        Raises:
            ExtenderFailed: it failed.
        """
        if not self.config.prioritize_verb:
            return {}
        result = await self._ask(self.config.prioritize_verb, self._args(pod, nodes), list[_HostPriority])
        unit = self.config.weight * MAX_NODE_SCORE // MAX_EXTENDER_PRIORITY
        return {one.host: one.score * unit for one in result}

    async def bind(self, pod: PodInfo, node_name: str) -> None:
        """Have the extender bind the pod.

        Raises:
            ExtenderFailed: it failed.
        """
        metadata = pod.pod.metadata
        arguments = _BindingArgs(
            pod_name=metadata.name, pod_namespace=metadata.namespace, pod_uid=metadata.uid, node=node_name
        )
        result = await self._ask(self.config.bind_verb, arguments, _BindingResult)
        if result.error:
            raise ExtenderFailed(result.error)

    async def preempt(self, pod: PodInfo, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
        """The candidates that it accepts, with the victims that it selects.

        Raises:
            ExtenderFailed: it failed, or named pods that are not on the node, or a node without victims; if it is
            ignorable,
                only that node is left out.
        """
        known = {one.info.name: one for one in candidates}
        result = await self._ask(self.config.preempt_verb, self._preemption(pod, known), _PreemptionResult)
        chosen = result.node_name_to_meta_victims or {}
        found = [self._chosen(known, name, victims) for name, victims in chosen.items()]
        spared = next((one.info.name for one in found if not one.victims), None)
        if spared is not None and not self.config.ignorable:
            raise ExtenderFailed(f'expected at least one victim pod on node "{spared}"')
        return tuple(one for one in found if one.victims)

    def _chosen(self, known: Mapping[str, Candidate], name: str, victims: _MetaVictims) -> Candidate:
        found = known.get(name)
        if found is None:
            raise ExtenderFailed(
                f'extender "{self.config.url_prefix}" wants to preempt on "{name}", which it was not asked'
            )
        pods = {uid: found.info.pods.get(uid) for uid in (one.uid for one in victims.pods)}
        missing = next((uid for uid, one in pods.items() if one is None), None)
        if missing is not None:
            raise ExtenderFailed(
                f"extender: {self.config.url_prefix} claims to preempt pod (UID: {missing}) on node: {name}, but the pod"
                " is not found on that node"
            )
        return Candidate(found.info, tuple(one for one in pods.values() if one is not None), victims.violations)

    def _preemption(self, pod: PodInfo, known: Mapping[str, Candidate]) -> _PreemptionArgs:
        if self.config.node_cache_capable:
            meta = {
                name: _MetaVictims(
                    pods=tuple(_MetaPod(uid=victim.uid) for victim in one.victims), violations=one.violations
                )
                for name, one in known.items()
            }
            return _PreemptionArgs(pod=pod.pod, node_name_to_meta_victims=meta)
        victims = {
            name: _Victims(pods=tuple(victim.pod for victim in one.victims), violations=one.violations)
            for name, one in known.items()
        }
        return _PreemptionArgs(pod=pod.pod, node_name_to_victims=victims)

    def _args(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> _Args:
        if self.config.node_cache_capable:
            return _Args(pod=pod.pod, node_names=tuple(one.name for one in nodes))
        return _Args(pod=pod.pod, nodes=_NodeList(items=tuple(one.node for one in nodes if one.node is not None)))

    async def _ask(self, verb: str, arguments: msgspec.Struct, type_: type[T]) -> T:
        request = CallExtender(self.config, verb, msgspec.json.encode(arguments))
        reply = await self._call(request)
        if reply.error:
            raise ExtenderFailed(reply.error)
        if reply.status != OK:
            raise ExtenderFailed(f"failed {verb} with extender at URL {request.url}, code {reply.status}")
        try:
            return msgspec.json.decode(reply.body, type=type_)
        except msgspec.MsgspecError as error:
            raise ExtenderFailed(f'extender "{self.config.url_prefix}": {verb}: {error}') from error


def _resources(spec: PodSpec) -> Iterable[str]:
    for container in (*spec.containers, *spec.init_containers):
        yield from container.resources.requests
        yield from container.resources.limits
