"""The JSON of pods and nodes is that of Kubernetes."""

import json

import msgspec
import pytest

from kubeactors.api.core.v1 import (
    Container,
    ContainerState,
    ContainerStateRunning,
    EphemeralContainer,
    Node,
    Pod,
    PodCondition,
    PodStatus,
    Probe,
    ResourceFieldSelector,
)
from kubeactors.apimachinery.meta import Object


def written(value: Object) -> object:
    return json.loads(msgspec.json.encode(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Pod(), {"metadata": {}, "spec": {"containers": []}, "status": {}}),
        (Container(name="a"), {"name": "a", "resources": {}}),
        (Probe(initial_delay_seconds=0), {}),
        (
            PodCondition(type="Ready", status="True"),
            {"type": "Ready", "status": "True", "lastProbeTime": None, "lastTransitionTime": None},
        ),
        (ContainerState(running=ContainerStateRunning()), {"running": {"startedAt": None}}),
        (ResourceFieldSelector(resource="limits.cpu"), {"resource": "limits.cpu", "divisor": "0"}),
        (PodStatus(pod_ip="10.0.0.1", qos_class="Burstable"), {"podIP": "10.0.0.1", "qosClass": "Burstable"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_absent_in_kubernetes_is_absent_and_what_it_always_writes_is_written(
    value: Object, expected: object
) -> None:
    assert written(value) == expected


def test_a_new_node_writes_its_whole_system_info() -> None:
    status = Node().status
    assert written(status.daemon_endpoints) == {"kubeletEndpoint": {"Port": 0}}
    assert written(status.node_info) == {
        "machineID": "",
        "systemUUID": "",
        "bootID": "",
        "kernelVersion": "",
        "osImage": "",
        "containerRuntimeVersion": "",
        "kubeletVersion": "",
        "kubeProxyVersion": "",
        "operatingSystem": "",
        "architecture": "",
    }


def test_an_ephemeral_container_has_the_fields_of_a_container_and_a_target() -> None:
    assert EphemeralContainer.__struct_fields__ == (*Container.__struct_fields__, "target_container_name")
