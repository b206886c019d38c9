"""Changes of the images of running pods."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, ContainerStatus, Pod
from kubeactors.kubelet.runtimes import Behaviour, RuntimeContainer, SimulatedRuntime
from tests.kubelet.plane import Plane, a_pod, condition


def with_image(plane: Plane, name: str, image: str) -> None:
    pod = plane.pod(name)
    (container,) = pod.spec.containers
    spec = replace(pod.spec, containers=(replace(container, image=image),))
    plane.do(lambda: plane.client.update(replace(pod, spec=spec)))


def is_ready(pod: Pod) -> bool:
    return condition(pod, "Ready") == ("True", "", "")


def of(pod: Pod) -> ContainerStatus:
    (status,) = pod.status.container_statuses
    return status


def test_a_container_is_restarted_when_its_image_changes() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", Container(name="c", image="nginx:1"), node_name="node-0"))
    before = of(plane.run_until_pod("p", is_ready))
    with_image(plane, "p", "nginx:2")
    after = of(plane.run_until_pod("p", lambda pod: is_ready(pod) and of(pod).restart_count == 1))
    assert (before.image, after.image) == ("nginx:1", "nginx:2")
    assert before.image_id != after.image_id
    assert ("Killing", "Container c definition changed, will be restarted") in [
        (one.reason, one.message) for one in plane.events("p")
    ]
    plane.sim.run(60.0)
    assert of(plane.pod("p")).restart_count == 1


def test_changing_an_image_that_cannot_be_pulled_takes_effect_at_once() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", Container(name="c", image="nginx:no-such-tag"), node_name="node-0"))
    plane.sim.run(120.0)
    waiting = of(plane.pod("p")).state.waiting
    assert waiting is not None
    assert waiting.reason == "ImagePullBackOff"
    with_image(plane, "p", "nginx:1")
    after = of(plane.run_until_pod("p", is_ready, seconds=2))
    assert (after.image, after.restart_count) == ("nginx:1", 0)


def test_a_container_stopped_for_a_new_image_restarts_with_the_image_the_pod_has_by_then() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(stop_seconds=5.0))
    plane.create(a_pod("p", Container(name="c", image="nginx:1"), node_name="node-0"))
    plane.run_until_pod("p", is_ready)
    with_image(plane, "p", "nginx:2")
    plane.sim.run(1.0)
    with_image(plane, "p", "nginx:1")
    after = of(plane.run_until_pod("p", lambda pod: is_ready(pod) and of(pod).restart_count == 1))
    assert after.image == "nginx:1"


class Registry(SimulatedRuntime):
    """A runtime that identifies images by its own digests."""

    def list_containers(self, sandbox_id: str, now: int) -> tuple[RuntimeContainer, ...]:
        return tuple(replace(one, image_id="sha256:0") for one in super().list_containers(sandbox_id, now))


def test_a_container_keeps_running_when_its_pod_changes_whatever_its_runtime_calls_images() -> None:
    plane = Plane(nodes=1)
    _ = plane.sim.stop(plane.kubelets["node-0"])
    plane.runtimes["node-0"] = Registry("10.0.0.0/24")
    plane.start_kubelet("node-0")
    plane.create(a_pod("p", Container(name="c", image="nginx:1"), node_name="node-0"))
    plane.run_until_pod("p", is_ready)
    spec = replace(plane.pod("p").spec, active_deadline_seconds=3600)
    found = plane.pod("p")
    plane.do(lambda: plane.client.update(replace(found, spec=spec)))
    plane.sim.run(30.0)
    assert of(plane.pod("p")).restart_count == 0
