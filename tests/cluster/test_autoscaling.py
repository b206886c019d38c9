"""Autoscaling end to end, in virtual time: the size of a Deployment follows the CPU usage of its containers."""

from functools import partial

from kubeactors.actor import Ref, SimSystem
from kubeactors.api import SCHEME
from kubeactors.api.apps.v1 import Deployment, DeploymentSpec
from kubeactors.api.autoscaling.v2 import (
    CrossVersionObjectReference,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerSpec,
)
from kubeactors.api.core.v1 import Container, Event, Pod, PodSpec, PodTemplateSpec, ResourceRequirements
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import ADMIN, Create, Get, List, ListResult, Result
from kubeactors.client.transport import ApiMessage
from kubeactors.cluster.plane import ControlPlane, GetApiServer
from kubeactors.cluster.spec import ClusterSpec
from kubeactors.storage.backends.memory import MemoryBackend

LABELS = {"app": "web"}
LOAD = "70m 60:400m 300:10m"
"""The usage of each container: below its request, after a minute four times that, after five minutes almost none."""


class Plane:
    """A whole cluster, and requests of an administrator."""

    def __init__(self) -> None:
        self.sim = SimSystem(seed=1)
        plane = self.sim.spawn(partial(ControlPlane, ClusterSpec(), MemoryBackend()), name="cluster")
        self.sim.run(5.0)
        self._server: Ref[ApiMessage] = self.sim.ask(plane, GetApiServer())

    def create(self, value: TypedObject) -> None:
        resource = SCHEME.by_type(type(value)).gvr
        made = self.sim.ask(self._server, Create(resource=resource, namespace="default", object=value, user=ADMIN))
        assert isinstance(made, Result), made

    def autoscaler(self) -> HorizontalPodAutoscaler:
        resource = SCHEME.by_type(HorizontalPodAutoscaler).gvr
        found = self.sim.ask(self._server, Get(resource=resource, namespace="default", name="web", user=ADMIN))
        assert isinstance(found, Result)
        assert isinstance(found.object, HorizontalPodAutoscaler)
        return found.object

    def running(self) -> int:
        pods = [one for one in self._list(Pod) if isinstance(one, Pod)]
        return sum(one.status.phase == "Running" and one.metadata.deletion_timestamp is None for one in pods)

    def told(self) -> list[str]:
        """The messages of its scaling events."""
        events = [one for one in self._list(Event) if isinstance(one, Event) and one.reason == "SuccessfulRescale"]
        return [one.message for one in sorted(events, key=lambda one: one.metadata.name)]

    def _list(self, type_: type[TypedObject]) -> tuple[object, ...]:
        reply = self.sim.ask(self._server, List(resource=SCHEME.by_type(type_).gvr, namespace="default", user=ADMIN))
        assert isinstance(reply, ListResult)
        return reply.items


def web() -> Deployment:
    container = Container(name="web", image="example/web:1", resources=ResourceRequirements(requests={"cpu": "100m"}))
    metadata = ObjectMeta(labels=LABELS, annotations={"simulated.kubeactors.io/cpu": LOAD})
    template = PodTemplateSpec(metadata=metadata, spec=PodSpec(containers=(container,)))
    spec = DeploymentSpec(replicas=1, selector=LabelSelector(match_labels=LABELS), template=template)
    return Deployment(metadata=ObjectMeta(name="web", namespace="default"), spec=spec)


def scaled() -> HorizontalPodAutoscaler:
    """With the default target of 80% of the requests."""
    reference = CrossVersionObjectReference(api_version="apps/v1", kind="Deployment", name="web")
    spec = HorizontalPodAutoscalerSpec(scale_target_ref=reference, max_replicas=6)
    return HorizontalPodAutoscaler(metadata=ObjectMeta(name="web", namespace="default"), spec=spec)


def test_a_deployment_grows_with_its_load_and_shrinks_when_that_has_been_low_for_five_minutes() -> None:
    plane = Plane()
    plane.create(web())
    plane.create(scaled())
    plane.sim.run(50.0)
    assert plane.running() == 1
    plane.sim.run(190.0)
    assert plane.running() == 6
    plane.sim.run(330.0)
    assert plane.running() == 6
    plane.sim.run(400.0)
    assert plane.running() == 1
    status = plane.autoscaler().status
    assert (status.current_replicas, status.desired_replicas) == (1, 1)
    told = plane.told()
    assert told[-1] == "New size: 1; reason: All metrics below target"
    assert "New size: 6; reason: cpu resource utilization (percentage of request) above target" in told
