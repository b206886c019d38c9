"""How long does a rolling update of everything take?"""

from functools import partial

import anyio

from benchmarks.cluster.question import SPEC, Figure, Figures, Question, Stopwatch, pool_for, ready_cluster
from kubeactors import Cluster
from kubeactors.api.apps.v1 import Deployment, DeploymentSpec
from kubeactors.api.core.v1 import PodTemplateSpec
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta

NODES = 1_000


async def answer(deployments: int, replicas: int, scale: float) -> Figures:
    """Create Deployments of so many pods each, then change the image of all at once."""
    nodes, count = max(int(NODES * min(scale, 1.0)), 1), max(int(deployments * scale), 1)
    pods = count * replicas
    async with ready_cluster(pool_for(nodes, 2 * pods)) as cluster:
        with Stopwatch() as create:
            await _all(cluster, count, replicas, "1")
        with Stopwatch() as update:
            await _all(cluster, count, replicas, "2")
    return (
        Figure(name="pods created by deployments", value=pods / create.wall, unit="/s"),
        Figure(name="CPU time a pod, created", value=create.cpu / pods * 1e6, unit="us"),
        Figure(name="pods replaced", value=pods / update.wall, unit="/s"),
        Figure(name="CPU time a pod, replaced", value=update.cpu / pods * 1e6, unit="us"),
        Figure(name=f"rolling update of {pods:,} pods", value=update.wall, unit="s"),
    )


async def _all(cluster: Cluster, count: int, replicas: int, tag: str) -> None:
    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(partial(_one, cluster, f"web-{number}", replicas, tag))


async def _one(cluster: Cluster, name: str, replicas: int, tag: str) -> None:
    await cluster.apply(_deployment(name, replicas, tag))
    await cluster.wait_for(f"deployment/{name}", "Complete", timeout=600.0)


def _deployment(name: str, replicas: int, tag: str) -> Deployment:
    labels = {"app": name}
    template = PodTemplateSpec(metadata=ObjectMeta(labels={**labels, "version": tag}), spec=SPEC)
    spec = DeploymentSpec(replicas=replicas, selector=LabelSelector(match_labels=labels), template=template)
    return Deployment(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)


QUESTIONS = (
    Question(
        name="rollout",
        text="1,000 Deployments of 10 pods on 1,000 nodes, and their update to a new image",
        answer=partial(answer, 1_000, 10),
    ),
    Question(
        name="rollout-large",
        text="50 Deployments of 100 pods on 1,000 nodes, and their update",
        answer=partial(answer, 50, 100),
    ),
)
