"""The scheduler as a process: its informers, its events, and itself, under one supervisor."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from kubeactors.actor import Actor, Supervision
from kubeactors.api.apps.v1 import ReplicaSet
from kubeactors.api.core.v1 import Namespace, Node, Pod, Service
from kubeactors.client import Client, EventSink, InformerFactory
from kubeactors.client.events import SINK_MAILBOX
from kubeactors.message import Message
from kubeactors.scheduler import DEFAULT_PROFILES, PluginFactory, Scheduler, Surroundings

FOREVER = 1_000_000
"""Restarts within a minute that are too many: a control plane goes on trying, with back-off."""

RESTARTING = Supervision(max_restarts=FOREVER, within_seconds=60.0, backoff_seconds=0.1, max_backoff_seconds=10.0)


class SchedulerProcess(Actor[Message], deterministic=True):
    """kube-scheduler."""

    supervision: ClassVar[Supervision] = RESTARTING

    def __init__(self, client: Client, profiles: Mapping[str, PluginFactory] = DEFAULT_PROFILES) -> None:
        self._client = client
        self._profiles = profiles

    def started(self) -> None:
        """Start informers, then who needs them."""
        informers = InformerFactory(self.ctx, self._client)
        events = self.ctx.spawn(partial(EventSink, self._client), name="events", mailbox=SINK_MAILBOX)
        surroundings = Surroundings(
            namespaces=informers.of(Namespace), services=informers.of(Service), replica_sets=informers.of(ReplicaSet)
        )
        scheduler = partial(
            Scheduler,
            self._client,
            informers.of(Pod),
            informers.of(Node),
            events,
            profiles=self._profiles,
            surroundings=surroundings,
        )
        self.ctx.spawn(scheduler, name="scheduler")
