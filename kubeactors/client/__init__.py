"""The client library of every component: how it reads, watches and writes the cluster.

- `Client` sends requests to the API server through a `Transport` (in process: a ref; elsewhere HTTPS) and raises errors.
- `Reflector` keeps an `Indexer` equal to a collection of the API server: list, watch, resume, relist. It is a plain state
  machine; an `Informer` actor has one, and sends `Notify` to its subscribers. `Lister` is the read-only side.
- `Subscriptions` tell a restarted subscriber's notifications from those for its earlier instances.
- `Controller` is the base of level-triggered actors: notifications put keys into a `WorkQueue`, workers reconcile them.
- `Expectations` and `Overlay` keep a controller from acting on a stale cache that does not show its own writes yet.
- `LeaderElector` runs a child while it holds a Lease; the decisions about the Lease are in `leases.py`.
- `heartbeats.py` marks changes that are mere heartbeats, which few components need.
- `EventRecorder` sends events to an `EventSink` actor, which correlates them and writes Event objects.

Senders: the API server sends watch events to informers; components subscribe to informers.
Sends: requests of `apimachinery/requests.py` to the API server; `Notify` to subscribers.
Source: client-go (tools/cache, util/workqueue, tools/record, tools/leaderelection),
pkg/controller/controller_utils.go.
"""

from kubeactors.apimachinery.unstructured import type_of_kind
from kubeactors.client.client import Client, ObjectList, check_is_kind
from kubeactors.client.controller import Controller, Wake, Work
from kubeactors.client.events import EventRecorder, EventSink, RecordEvent
from kubeactors.client.expectations import Expectations, Standing
from kubeactors.client.indexer import Indexer, Lister, Reading, Tally, reading
from kubeactors.client.informer import Informer, InformerFactory, SharedInformer
from kubeactors.client.leaderelector import ElectionConfig, LeaderElector
from kubeactors.client.objects import (
    cluster_key,
    is_ambiguous,
    is_namespace_terminating,
    key_of,
    revision_of,
    split_key,
)
from kubeactors.client.overlay import Overlay
from kubeactors.client.owners import controller_of, controller_reference, is_controlled_by
from kubeactors.client.reflector import Change, Reflector
from kubeactors.client.subscriptions import Notify, Subscribe, Subscriptions, Unsubscribe
from kubeactors.client.transport import InProcessTransport, Transport
from kubeactors.client.workqueue import BucketLimiter, ItemBackoff, WorkQueue

__all__ = [
    "BucketLimiter",
    "Change",
    "Client",
    "Controller",
    "ElectionConfig",
    "EventRecorder",
    "EventSink",
    "Expectations",
    "InProcessTransport",
    "Indexer",
    "Informer",
    "InformerFactory",
    "ItemBackoff",
    "LeaderElector",
    "Lister",
    "Notify",
    "ObjectList",
    "Overlay",
    "Reading",
    "RecordEvent",
    "Reflector",
    "SharedInformer",
    "Standing",
    "Subscribe",
    "Subscriptions",
    "Tally",
    "Transport",
    "Unsubscribe",
    "Wake",
    "Work",
    "WorkQueue",
    "check_is_kind",
    "cluster_key",
    "controller_of",
    "controller_reference",
    "is_ambiguous",
    "is_controlled_by",
    "is_namespace_terminating",
    "key_of",
    "reading",
    "revision_of",
    "split_key",
    "type_of_kind",
]
