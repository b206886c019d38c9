"""Images, ConfigMaps and Secrets that containers wait for."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Container, Pod, PodSpec, Secret
from kubeactors.api.core.v1.container import VolumeMount
from kubeactors.api.core.v1.env import ConfigMapKeySelector, EnvFromSource, EnvVar, EnvVarSource, SecretEnvSource
from kubeactors.api.core.v1.volume import ConfigMapVolumeSource, KeyToPath, SecretVolumeSource, Volume
from kubeactors.apimachinery.meta import ObjectMeta
from tests.kubelet.plane import Plane, a_pod


def waiting(pod: Pod) -> tuple[str, str]:
    """Return reason and message of the waiting state of the pod's container."""
    state = pod.status.container_statuses[0].state.waiting if pod.status.container_statuses else None
    return ("", "") if state is None else (state.reason, state.message)


def is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running"


def waits(*reasons: str) -> "Waits":
    return Waits(reasons)


class Waits:
    def __init__(self, reasons: tuple[str, ...]) -> None:
        self._reasons = reasons

    def __call__(self, pod: Pod) -> bool:
        return waiting(pod)[0] in self._reasons


def declared(pod: Pod, **annotations: str) -> Pod:
    texts = {f"simulated.kubeactors.io/{name.replace('_', '-')}": text for name, text in annotations.items()}
    return replace(pod, metadata=replace(pod.metadata, annotations=texts))


def told(plane: Plane, name: str = "p") -> list[tuple[str, str, str, int]]:
    return [(one.type, one.reason, one.message, one.count) for one in plane.events(name)]


def one(image: str = "example/x:1", policy: str = "", **more: object) -> Container:
    return Container(name="c", image=image, image_pull_policy=policy, **more)  # type: ignore[arg-type]


def test_image_pulls_are_retried_with_back_off() -> None:
    plane = Plane(nodes=1)
    plane.create(declared(a_pod("p", node_name="node-0"), pull_error="manifest unknown"))
    failed = plane.run_until_pod("p", waits("ErrImagePull"))
    assert waiting(failed) == ("ErrImagePull", "manifest unknown")
    assert failed.status.phase == "Pending"
    held = plane.run_until_pod("p", waits("ImagePullBackOff"))
    back_off = 'Back-off pulling image "example/x:1"'
    assert waiting(held) == ("ImagePullBackOff", f"{back_off}: ErrImagePull: manifest unknown")
    plane.sim.run(600.0)

    counts = {(reason, message): count for _, reason, message, count in told(plane)}
    assert counts[("Pulling", 'Pulling image "example/x:1"')] == 6  # after 0, 10, 30, 70, 150 and 310 seconds
    assert counts[("Failed", 'Failed to pull image "example/x:1": manifest unknown')] == 6
    assert ("Failed", "Error: ErrImagePull") in counts
    assert ("BackOff", back_off) in counts


def test_invalid_image_names_and_missing_images_that_are_never_pulled_are_reported() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("bad", one("Shop/Web"), node_name="node-0"))
    plane.create(declared(a_pod("never", one(policy="Never"), node_name="node-0"), pull_error="x"))
    wrong = (
        'Failed to apply default image tag "Shop/Web": couldn\'t parse image name "Shop/Web": invalid reference format'
    )
    assert waiting(plane.run_until_pod("bad", waits("InvalidImageName"))) == ("InvalidImageName", wrong)
    assert waiting(plane.run_until_pod("never", waits("ErrImageNeverPull"))) == (
        "ErrImageNeverPull",
        'Container image "example/x:1" is not present with pull policy of Never',
    )
    plane.sim.run(1.0)
    assert ("Warning", "InspectFailed", wrong, 1) in told(plane, "bad")


def test_an_invalid_behavior_annotation_is_reported_and_the_pod_runs() -> None:
    plane = Plane(nodes=1)
    plane.create(declared(a_pod("p", node_name="node-0"), run_seconds="soon"))
    plane.run_until_pod("p", is_running)
    plane.sim.run(1.0)
    type_, reason, message, _ = told(plane)[0]
    assert (type_, reason) == ("Warning", "InvalidBehaviour")
    assert message.startswith("annotation simulated.kubeactors.io/run-seconds is ignored: run-seconds: 'soon' is wrong")


COLOUR = EnvVar(
    name="COLOUR",
    value_from=EnvVarSource(config_map_key_ref=ConfigMapKeySelector(name="shop", key="colour")),
)


def test_a_container_waits_for_the_config_maps_of_its_environment() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", one(env=(COLOUR,)), node_name="node-0"))
    pod = plane.run_until_pod("p", waits("CreateContainerConfigError"))
    assert waiting(pod)[1] == 'configmap "shop" not found'
    plane.sim.run(1.0)
    assert [one[1] for one in told(plane)] == ["Pulled", "Failed"]  # its image is pulled first
    assert ("Warning", "Failed", 'Error: configmap "shop" not found', 1) in told(plane)

    made = plane.create(ConfigMap(metadata=ObjectMeta(name="shop", namespace="default"), data={"size": "1"}))
    missing = "couldn't find key colour in ConfigMap default/shop"
    plane.run_until_pod("p", lambda one: waiting(one)[1] == missing)
    plane.do(lambda: plane.client.update(replace(made, data={"colour": "blue"})))
    plane.run_until_pod("p", is_running)


def test_optional_references_are_not_waited_for() -> None:
    plane = Plane(nodes=1)
    optional = EnvFromSource(secret_ref=SecretEnvSource(name="none", optional=True))
    volume = Volume(name="v", config_map=ConfigMapVolumeSource(name="none", optional=True))
    plane.create(a_pod("p", one(env_from=(optional,)), node_name="node-0", spec=PodSpec(volumes=(volume,))))
    plane.run_until_pod("p", is_running)


def test_containers_wait_until_volumes_are_mounted() -> None:
    plane = Plane(nodes=1)
    volume = Volume(name="keys", secret=SecretVolumeSource(secret_name="keys", items=(KeyToPath(key="a", path="b"),)))
    mounts = (VolumeMount(name="keys", mount_path="/keys"),)
    plane.create(a_pod("p", one(volume_mounts=mounts), node_name="node-0", spec=PodSpec(volumes=(volume,))))
    plane.sim.run(15.0)
    assert waiting(plane.pod("p")) == ("ContainerCreating", "")
    assert plane.pod("p").status.pod_ip == ""
    message = 'MountVolume.SetUp failed for volume "keys" : secret "keys" not found'
    assert told(plane) == [("Warning", "FailedMount", message, 2)]

    plane.create(Secret(metadata=ObjectMeta(name="keys", namespace="default"), data={"a": b"1"}))
    plane.run_until_pod("p", is_running)


def test_a_pod_without_references_costs_no_reads() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0"))
    first = plane.run_until_pod("p", is_running)
    plane.sim.run(60.0)
    assert plane.pod("p") == first
