"""Explains scheduling from a cluster's objects alone, without access to its scheduler."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import TypeVar, cast

from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.apps.v1.statefulset import StatefulSet
from kubeactors.api.core.v1 import Namespace, Node, PersistentVolumeClaim, Pod, ReplicationController, Service
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.api.resource.v1 import DeviceClass, ResourceClaim, ResourceSlice
from kubeactors.api.storage.v1 import CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, StopWatch
from kubeactors.apimachinery.status import ServiceUnavailable
from kubeactors.client import Client, SharedInformer, key_of
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.config import DEFAULT_CONFIG, SchedulerConfig
from kubeactors.scheduler.explanation import Explanation, explain, unscheduled
from kubeactors.scheduler.handle import Devices, Handle, Volumes
from kubeactors.scheduler.plugin_set import PluginFactory
from kubeactors.scheduler.pod_info import pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.reporter import DEFAULT_SCHEDULER
from kubeactors.scheduler.surroundings import Neighbours, Surroundings
from kubeactors.scheduler.workloads import Owners

KINDS: tuple[type[TypedObject], ...] = (
    Node,
    Pod,
    Namespace,
    Service,
    ReplicaSet,
    StatefulSet,
    ReplicationController,
    PodDisruptionBudget,
    PersistentVolumeClaim,
    PersistentVolume,
    StorageClass,
    CSINode,
    VolumeAttachment,
    CSIDriver,
    CSIStorageCapacity,
    ResourceClaim,
    ResourceSlice,
    DeviceClass,
)
"""The kinds of objects that a picture needs."""

R = TypeVar("R")
K = TypeVar("K", bound=TypedObject)

_ENDED = ("Succeeded", "Failed")


class Picture:
    """Answers as a scheduler of this configuration would.

    Pods that the running scheduler has assumed and not bound yet are not seen. Extenders are not called.

    Args:
        objects: all objects of the `KINDS`.
        config: the scheduler's configuration.
    """

    def __init__(self, objects: Iterable[TypedObject], config: SchedulerConfig = DEFAULT_CONFIG) -> None:
        self._config = config
        self._informers: Mapping[type[TypedObject], SharedInformer[TypedObject]] = {
            kind: SharedInformer(kind, kind.__name__) for kind in KINDS
        }
        for one in objects:
            self._informers[type(one)].indexer.put(key_of(one), one)

    def check(self) -> None:
        """Instantiate the plugins of each profile once, to validate the configuration.

        Raises:
            ConfigurationError: a plugin rejects its arguments, or a profile lacks a QueueSort or Bind plugin.
        """
        for plugins in self._config.profiles.values():
            self._profile(plugins, Cache())

    def explain(self, name: str, namespace: str) -> Explanation | None:
        """Explain a pod, as if it were unscheduled; None if it does not exist.

        Raises:
            LookupError: the pod names an unknown scheduler profile.
        """
        pod = self._of(Pod).lister.get(name, namespace)
        if pod is None:
            return None
        scheduler = pod.spec.scheduler_name or DEFAULT_SCHEDULER
        plugins = self._config.profiles.get(scheduler)
        if plugins is None:
            known = ", ".join(self._config.profiles)
            raise LookupError(f'the pod asks for the scheduler "{scheduler}"; known profiles are {known}')
        cache = self._cache(pod)
        return explain(pod_info(unscheduled(pod)), self._profile(plugins, cache), cache, pod.spec.node_name)

    def _profile(self, plugins: PluginFactory, cache: Cache) -> Profile:
        return Profile(plugins(self._handle(cache)), cache)

    def _of(self, kind: type[K]) -> SharedInformer[K]:
        return cast("SharedInformer[K]", self._informers[kind])

    def _cache(self, but: Pod) -> Cache:
        """The nodes and the pods on them, except this one."""
        cache = Cache()
        for node in self._of(Node).lister:
            cache.set_node(node)
        for pod in self._of(Pod).lister:
            if pod.metadata.uid == but.metadata.uid or pod.status.phase in _ENDED:
                continue
            if pod.spec.node_name:
                cache.set_pod(pod_info(pod))
            elif pod.status.nominated_node_name:
                cache.nominate(pod_info(pod), pod.status.nominated_node_name)
        return cache

    def _handle(self, cache: Cache) -> Handle:
        surroundings = Surroundings(
            namespaces=self._of(Namespace),
            services=self._of(Service),
            owners=Owners(self._of(ReplicaSet), self._of(StatefulSet), self._of(ReplicationController)),
            budgets=self._of(PodDisruptionBudget),
            volumes=Volumes(
                claims=self._of(PersistentVolumeClaim),
                volumes=self._of(PersistentVolume),
                classes=self._of(StorageClass),
                nodes=self._of(CSINode),
                attachments=self._of(VolumeAttachment),
                drivers=self._of(CSIDriver),
                capacities=self._of(CSIStorageCapacity),
            ),
            devices=Devices(
                claims=self._of(ResourceClaim), slices=self._of(ResourceSlice), classes=self._of(DeviceClass)
            ),
        )
        neighbours = Neighbours(surroundings)
        return Handle(
            client=Client(_Nowhere()),
            cache=cache,
            random=Random(0),
            namespace_labels=surroundings.namespace_labels,
            workloads=neighbours.workloads,
            budgets=neighbours.budgets,
            pods=self._of(Pod),
            volumes=surroundings.volumes,
            devices=surroundings.devices,
        )


class _Nowhere:
    """A transport that rejects all requests: a picture has no server."""

    async def send(self, request: ApiRequest[R]) -> R:
        raise ServiceUnavailable.saying(f"a picture has no server to ask for {request.resource}")

    def stop_watch(self, message: StopWatch) -> None:
        """Nothing to stop: there are no watches."""
