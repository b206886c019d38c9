"""Pods that get other images while they run."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, ContainerStatus, Pod
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


def test_a_container_whose_image_changes_is_started_again_with_the_new_one() -> None:
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


def test_a_pod_whose_image_cannot_be_pulled_is_mended_by_another_one_at_once() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", Container(name="c", image="nginx:no-such-tag"), node_name="node-0"))
    plane.sim.run(120.0)
    waiting = of(plane.pod("p")).state.waiting
    assert waiting is not None
    assert waiting.reason == "ImagePullBackOff"
    with_image(plane, "p", "nginx:1")
    after = of(plane.run_until_pod("p", is_ready, seconds=2))
    assert (after.image, after.restart_count) == ("nginx:1", 0)
