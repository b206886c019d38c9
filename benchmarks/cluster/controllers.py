"""What do controllers cost under a large load: a large Job, a large tree of owners, many autoscalers?"""

from functools import partial

import anyio

from benchmarks.cluster.question import SPEC, Figure, Figures, Question, Stopwatch, pool_for, ready_cluster
from benchmarks.cluster.simulated import Simulated
from kubeactors import Cluster
from kubeactors.api.apps.v1 import Deployment, DeploymentSpec
from kubeactors.api.autoscaling.v2 import (
    CrossVersionObjectReference,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerSpec,
)
from kubeactors.api.batch.v1 import Job, JobSpec
from kubeactors.api.core.v1 import ConfigMap, Container, PodSpec, PodTemplateSpec
from kubeactors.apimachinery.meta import DeleteOptions, LabelSelector, ObjectMeta, OwnerReference
from kubeactors.apimachinery.requests import DELETED
from kubeactors.kubelet.runtimes.behaviour import DOMAIN

NODES = 1_000
CREATORS = 32


async def job(completions: int, scale: float) -> Figures:
    """A Job whose pods end at once."""
    nodes, count = max(int(NODES * min(scale, 1.0)), 1), max(int(completions * scale), 10)
    async with ready_cluster(pool_for(nodes, count)) as cluster:
        with Stopwatch() as watch:
            await cluster.apply(_job(count))
            done = await cluster.wait_for("job/large", "Complete", timeout=3_600.0)
    assert isinstance(done, Job)
    assert done.status.succeeded == count
    return (
        Figure(name="completions a second", value=count / watch.wall, unit="/s"),
        Figure(name="CPU time a completion", value=watch.cpu / count * 1e6, unit="us"),
        Figure(name=f"CPU time of {count:,} completions", value=watch.cpu, unit="s"),
    )


def _job(completions: int) -> Job:
    container = Container(name="app", image="example/app:1", command=("sh", "-c", "exit 0"))
    template = PodTemplateSpec(spec=PodSpec(containers=(container,), restart_policy="Never"))
    spec = JobSpec(completions=completions, parallelism=min(completions, 1_000), template=template)
    return Job(metadata=ObjectMeta(name="large", namespace="default"), spec=spec)


async def collection(objects: int, scale: float) -> Figures:
    """A tree of owners: a root, its children and grandchildren; the root is deleted with all dependents."""
    count = max(int(objects * scale), 10)
    children = max(int(count**0.5) // 2, 1)
    async with ready_cluster(pool_for(1, 1)) as cluster:
        root = await cluster.client.create(_owned("root"))
        middle = [await cluster.client.create(_owned(f"child-{number}", root)) for number in range(children)]
        leaves = count - children - 1
        async with anyio.create_task_group() as group:
            for creator in range(CREATORS):
                group.start_soon(_leaves, cluster, middle, range(creator, leaves, CREATORS))
        async with cluster.watching(ConfigMap, "default") as inbox:
            with Stopwatch() as watch:
                options = DeleteOptions(propagation_policy="Background")
                await cluster.client.delete(ConfigMap, "root", "default", options=options)
                gone = 0
                while gone < count:
                    event = await inbox.next()
                    assert event is not None, "the server is up"
                    gone += event.type == DELETED
    return (
        Figure(name="objects collected a second", value=count / watch.wall, unit="/s"),
        Figure(name="CPU time an object", value=watch.cpu / count * 1e6, unit="us"),
        Figure(name=f"CPU time of a tree of {count:,}", value=watch.cpu, unit="s"),
    )


async def _leaves(cluster: Cluster, owners: list[ConfigMap], numbers: range) -> None:
    for number in numbers:
        await cluster.client.create(_owned(f"leaf-{number}", owners[number % len(owners)]))
        if number % 100 == 0:
            await anyio.lowlevel.checkpoint()


def _owned(name: str, *owners: ConfigMap) -> ConfigMap:
    references = tuple(
        OwnerReference(api_version="v1", kind="ConfigMap", name=one.metadata.name, uid=one.metadata.uid)
        for one in owners
    )
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default", owner_references=references))


async def autoscale(targets: int, scale: float) -> Figures:
    """Autoscalers whose targets are all overloaded after a minute; in virtual time, until all have scaled up."""
    count = max(int(targets * scale), 1)
    cluster = Simulated(100, 0, room=10 * count)
    for number in range(count):
        for one in (_deployment(f"web-{number}"), _autoscaler(f"web-{number}")):
            cluster.put(one)
    cluster.sim.run(45.0)
    with Stopwatch() as rounds:
        cluster.sim.run(150.0)
    assert cluster.running() > count, "they have scaled up"
    with Stopwatch() as still:
        cluster.sim.run(150.0)
    await anyio.lowlevel.checkpoint()
    return (
        Figure(name="CPU time a target and sync, nothing to do", value=still.cpu / count / 10 * 1e6, unit="us"),
        Figure(name="CPU time a target, scaled up", value=(rounds.cpu - still.cpu) / count * 1e6, unit="us"),
        Figure(name=f"CPU time of a sync of {count:,} targets", value=still.cpu / 10, unit="s"),
    )


def _deployment(name: str) -> Deployment:
    labels = {"app": name}
    busy = {f"{DOMAIN}cpu": "50m 60:200m"}
    template = PodTemplateSpec(metadata=ObjectMeta(labels=labels, annotations=busy), spec=SPEC)
    spec = DeploymentSpec(replicas=1, selector=LabelSelector(match_labels=labels), template=template)
    return Deployment(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)


def _autoscaler(name: str) -> HorizontalPodAutoscaler:
    reference = CrossVersionObjectReference(api_version="apps/v1", kind="Deployment", name=name)
    spec = HorizontalPodAutoscalerSpec(scale_target_ref=reference, min_replicas=1, max_replicas=4)
    return HorizontalPodAutoscaler(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)


QUESTIONS = (
    Question(name="job-10000", text="a Job of 10,000 completions on 1,000 nodes", answer=partial(job, 10_000)),
    Question(
        name="collection",
        text="a tree of 50,000 objects is deleted with its root",
        answer=partial(collection, 50_000),
    ),
    Question(name="autoscale", text="500 autoscalers in virtual time", answer=partial(autoscale, 500)),
)
