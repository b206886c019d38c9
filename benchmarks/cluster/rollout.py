"""How long does a rolling update of everything take?"""

from functools import partial

import anyio

from benchmarks.cluster.question import SPEC, Figure, Figures, Question, Stopwatch, pool_for, ready_cluster
from kubeactors import Cluster
from kubeactors.api.apps.v1 import Deployment, DeploymentSpec
from kubeactors.api.core.v1 import PodTemplateSpec
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta

NODES, DEPLOYMENTS, REPLICAS = 1_000, 50, 100


async def answer(scale: float) -> Figures:
    """Deployments of 100 pods each are created, then all get another image at once."""
    nodes, count = max(int(NODES * min(scale, 1.0)), 1), max(int(DEPLOYMENTS * scale), 1)
    pods = count * REPLICAS
    async with ready_cluster(pool_for(nodes, 2 * pods)) as cluster:
        with Stopwatch() as create:
            await _all(cluster, count, "1")
        with Stopwatch() as update:
            await _all(cluster, count, "2")
    return (
        Figure(name="pods created by deployments", value=pods / create.wall, unit="/s"),
        Figure(name="CPU time a pod, created", value=create.cpu / pods * 1e6, unit="us"),
        Figure(name="pods replaced", value=pods / update.wall, unit="/s"),
        Figure(name="CPU time a pod, replaced", value=update.cpu / pods * 1e6, unit="us"),
        Figure(name=f"rolling update of {pods:,} pods", value=update.wall, unit="s"),
    )


async def _all(cluster: Cluster, count: int, tag: str) -> None:
    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(partial(_one, cluster, f"web-{number}", tag))


async def _one(cluster: Cluster, name: str, tag: str) -> None:
    await cluster.apply(_deployment(name, tag))
    await cluster.wait_for(f"deployment/{name}", "Complete", timeout=600.0)


def _deployment(name: str, tag: str) -> Deployment:
    labels = {"app": name}
    template = PodTemplateSpec(metadata=ObjectMeta(labels={**labels, "version": tag}), spec=SPEC)
    spec = DeploymentSpec(replicas=REPLICAS, selector=LabelSelector(match_labels=labels), template=template)
    return Deployment(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)


QUESTIONS = (
    Question(name="rollout", text="50 Deployments of 100 pods on 1,000 nodes, and their update", answer=answer),
)
