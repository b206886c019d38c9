"""The scheduler as a process: its informers, its event recorder, and itself, under one supervisor."""

from functools import partial
from typing import ClassVar

from kubeactors.actor import Actor, Supervision
from kubeactors.api.apps.v1 import ReplicaSet, StatefulSet
from kubeactors.api.core.v1 import Namespace, Node, PersistentVolumeClaim, Pod, ReplicationController, Service
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.api.resource.v1 import DeviceClass, ResourceClaim, ResourceSlice
from kubeactors.api.storage.v1 import CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment
from kubeactors.client import Client, InformerFactory
from kubeactors.client.events import sink_of
from kubeactors.client.heartbeats import NEWS, marks_of_node
from kubeactors.message import Message
from kubeactors.scheduler import DEFAULT_CONFIG, Devices, Owners, Scheduler, SchedulerConfig, Surroundings, Volumes
from kubeactors.scheduler.extender import Call, no_call

FOREVER = 1_000_000
"""A restart intensity that is never reached: a control plane retries forever, with back-off."""

RESTARTING = Supervision(max_restarts=FOREVER, within_seconds=60.0, backoff_seconds=0.1, max_backoff_seconds=10.0)


class SchedulerProcess(Actor[Message], deterministic=True):
    """kube-scheduler."""

    supervision: ClassVar[Supervision] = RESTARTING

    def __init__(
        self, client: Client, config: SchedulerConfig = DEFAULT_CONFIG, call: Call = no_call, *, events: bool = True
    ) -> None:
        self._client = client
        self._config = config
        self._call = call
        self._has_events = events

    def started(self) -> None:
        """Start informers, then the actors that use them."""
        informers = InformerFactory(self.ctx, self._client)
        nodes = informers.of(Node)
        nodes.mark_by(marks_of_node, NEWS)
        events = sink_of(self.ctx, self._client, wanted=self._has_events)
        scheduler = partial(
            Scheduler,
            self._client,
            informers.of(Pod),
            nodes,
            events,
            config=self._config,
            surroundings=surroundings(informers),
            call=self._call,
        )
        self.ctx.spawn(scheduler, name="scheduler")


def surroundings(informers: InformerFactory) -> Surroundings:
    """What a scheduler knows besides pods and nodes."""
    return Surroundings(
        namespaces=informers.of(Namespace),
        services=informers.of(Service),
        owners=Owners(informers.of(ReplicaSet), informers.of(StatefulSet), informers.of(ReplicationController)),
        budgets=informers.of(PodDisruptionBudget),
        volumes=Volumes(
            claims=informers.of(PersistentVolumeClaim),
            volumes=informers.of(PersistentVolume),
            classes=informers.of(StorageClass),
            nodes=informers.of(CSINode),
            attachments=informers.of(VolumeAttachment),
            drivers=informers.of(CSIDriver),
            capacities=informers.of(CSIStorageCapacity),
        ),
        devices=Devices(
            claims=informers.of(ResourceClaim),
            slices=informers.of(ResourceSlice),
            classes=informers.of(DeviceClass),
        ),
    )
