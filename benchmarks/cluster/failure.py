"""A tenth of the nodes fails: how long until all pods run again, and what does that cost?"""

import anyio

from benchmarks.cluster.question import Figure, Figures, Question, Stopwatch
from benchmarks.cluster.simulated import Simulated
from kubeactors.api.apps.v1 import ReplicaSet, ReplicaSetSpec
from kubeactors.api.core.v1 import Container, PodSpec, PodTemplateSpec
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.cluster.machines import PowerOff

NODES, PODS = 1_000, 10_000
STEP_SECONDS, PATIENCE_SECONDS = 5.0, 3600.0


async def answer(scale: float) -> Figures:
    """In virtual time, with Kubernetes' defaults: 50 s until a node is unreachable, 300 s of toleration."""
    nodes, pods = max(int(NODES * scale), 10), max(int(PODS * scale), 100)
    cluster = Simulated(nodes, 0, room=2 * pods)
    _create(cluster, pods)
    cluster.sim.run(120.0)
    assert cluster.running() == pods, f"{cluster.running()} of {pods} pods run"
    dead = tuple(f"node-{number}" for number in range(1, nodes // 10 + 1))
    begun = cluster.sim.now
    cluster.machines.tell(PowerOff(dead))
    with Stopwatch() as watch:
        while not _recovered(cluster, pods, dead) and (cluster.sim.now - begun) / 1e9 < PATIENCE_SECONDS:
            cluster.sim.run(STEP_SECONDS)
    await anyio.lowlevel.checkpoint()
    virtual = (cluster.sim.now - begun) / 1e9
    return (
        Figure(name="virtual time until all pods run elsewhere", value=virtual, unit="s", at_most=PATIENCE_SECONDS),
        Figure(name="CPU time of that", value=watch.cpu, unit="s"),
        Figure(name="virtual seconds a second of CPU", value=virtual / watch.cpu, unit="x"),
    )


def _create(cluster: Simulated, pods: int) -> None:
    labels = {"app": "web"}
    template = PodTemplateSpec(
        metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=(Container(name="app", image="example/app:1"),))
    )
    spec = ReplicaSetSpec(replicas=pods, selector=LabelSelector(match_labels=labels), template=template)
    value = ReplicaSet(metadata=ObjectMeta(name="web", namespace="default"), spec=spec)
    cluster.put(value)


def _recovered(cluster: Simulated, pods: int, dead: tuple[str, ...]) -> bool:
    gone = dict.fromkeys(dead)
    well = sum(
        one.status.phase == "Running" and one.metadata.deletion_timestamp is None and one.spec.node_name not in gone
        for one in cluster.pods()
    )
    return well >= pods


QUESTIONS = (Question(name="failure", text="100 of 1,000 nodes lose their power, with 10,000 pods", answer=answer),)
