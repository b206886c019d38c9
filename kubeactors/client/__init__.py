"""What every component holds: how it reads, watches and writes the cluster.

- `Client` asks the API server through a `Transport` (in process: a ref; elsewhere HTTPS) and raises refusals.
- `Reflector` keeps an `Indexer` equal to what the API server holds: list, watch, resume, list again. A plain state
  machine; the `Informer` actor is one with subscribers, to whom it tells `Notify`. `Lister` is the read-only side.
- `Subscriptions` tell a subscriber that started again what is meant for it, and what for an instance before it.
- `Controller` is the base of level-triggered actors: notifications put keys into a `WorkQueue`, workers reconcile them.
- `Expectations` guard against acting twice on a cache that has not seen one's own writes yet.
- `LeaderElector` lets a child live while it holds a Lease; what it makes of the Lease is decided in `leases.py`.
- `heartbeats.py` marks what says no more than that somebody lives: few have to hear of that.
- `EventRecorder` tells an `EventSink` actor what happened, which correlates and writes Event objects.

Who sends to it: the API server tells watch events to informers; components subscribe to informers.
What it sends: requests of `apimachinery/requests.py` to the API server; `Notify` to subscribers.
Where its behaviour comes from: client-go (tools/cache, util/workqueue, tools/record, tools/leaderelection),
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
