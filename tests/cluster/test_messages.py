"""The cost of a pod in messages, so that a change that increases it shows without a clock."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kubeactors.actor import Census, Fifo, SimSystem, counted
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Container, Pod, PodSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, Create, List, ListResult, Result
from kubeactors.cluster import ClusterSpec, NodePool
from kubeactors.cluster.pki import ensure_pki
from kubeactors.cluster.plane import ControlPlane, GetApiServer
from kubeactors.storage.backends.memory import MemoryBackend

PODS = SCHEME.by_type(Pod).gvr
NODES, COUNT = 10, 100
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTLED_SECONDS = 4.0
"""Pods run long before that; the next heartbeat comes after it."""


def life(pods: int, account_key: bytes = b"") -> Census:
    """The messages from the creation of pods until all run and the cluster is idle."""
    sim = SimSystem(seed=1, schedule=Fifo())
    pool = NodePool(count=NODES, pods="200", start_latency_seconds=0.0)
    plane = sim.spawn(
        lambda: ControlPlane(ClusterSpec(nodes=pool, account_key=account_key), MemoryBackend()), name="cluster"
    )
    sim.run(15.0)
    server = sim.ask(plane, GetApiServer())
    spec = PodSpec(containers=(Container(name="app", image="example/app:1"),))
    with counted(sim.kernel) as census:
        for number in range(pods):
            pod = Pod(metadata=ObjectMeta(name=f"pod-{number}", namespace="default"), spec=spec)
            made = sim.ask(server, Create(resource=PODS, namespace="default", object=pod, user=ADMIN))
            assert isinstance(made, Result)
        sim.run(SETTLED_SECONDS)
    found = sim.ask(server, List(resource=PODS, user=ADMIN))
    assert isinstance(found, ListResult)
    assert [one.status.phase for one in found.items if isinstance(one, Pod)] == ["Running"] * pods
    return census


@pytest.mark.parametrize("issues_tokens", [False, True])
def test_the_messages_of_a_pod_from_creation_to_running_are_these(tmp_path: Path, *, issues_tokens: bool) -> None:
    key = ensure_pki(tmp_path, (), NOW).service_account_key.read_bytes() if issues_tokens else b""
    quiet, busy = life(0, key), life(COUNT, key)  # tokens are not requested until they are read
    before = {(one.actor, one.message): one.count for one in quiet.counts()}
    found = {
        f"{one.actor} {one.message}": (one.count - before.get((one.actor, one.message), 0)) / COUNT
        for one in busy.counts()
    }
    told = {name: count for name, count in found.items() if name.endswith(" Notify")}
    assert {name: count for name, count in found.items() if count >= 1.0 and name not in told} == {
        "ApiServer Create": 6.0,  # the pod, its binding, and four events: Scheduled, Pulled, Created, Started
        "ApiServer Update": 1.0,  # its status: Running and ready at once
        "Store Txn": 7.0,
        "ApiServer StoreEvents": 7.0,
        "EventSink RecordEvent": 4.0,
        "Kubelet WriteStatus": 1.0,
        "Kubelet WatchEvents": 1.99,  # one for the binding, one for its own status update
        "Informer WatchEvents": 2.1,  # of the controllers and the scheduler; creations and bindings come in batches
        "ApiServer Flush": 1.04,
    }
    assert max(told.values()) <= 1.05, "who observes pods hears of each status, and of all else in batches"
    assert sum(told.values()) <= 10.2, "who has nothing to do with a change does not hear of it"
