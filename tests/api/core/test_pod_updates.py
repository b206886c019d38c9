"""What may change of a pod that exists."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Binding, ContainerState, ContainerStateRunning, ContainerStatus, ObjectReference, Pod
from kubeactors.api.core.v1.podstatus import ContainerStateTerminated, PodIP, PodStatus
from kubeactors.api.core.v1.validation import (
    validate_binding,
    validate_ephemeral_containers_update,
    validate_pod_resize,
    validate_pod_status_update,
    validate_pod_update,
)
from tests.api.core.builders import JSON, pod, texts

ONLY = "spec: Forbidden: pod updates may not change fields other than"
APP = {"name": "app", "image": "shop:1"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"containers": [{"name": "app", "image": "shop:2"}]}, []),
        ({}, {"tolerations": [{"key": "a", "operator": "Exists"}]}, []),
        ({}, {"activeDeadlineSeconds": 5}, []),
        ({"activeDeadlineSeconds": 5}, {"activeDeadlineSeconds": 4}, []),
        (
            {"activeDeadlineSeconds": 5},
            {"activeDeadlineSeconds": 6},
            ["spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value"],
        ),
        (
            {"activeDeadlineSeconds": 5},
            {},
            ["spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"],
        ),
        (
            {},
            {"containers": [APP, {"name": "b", "image": "b"}]},
            ["spec.containers: Forbidden: pod updates may not add"],
        ),
        ({}, {"restartPolicy": "Never"}, [ONLY]),
        ({}, {"nodeName": "n"}, [ONLY]),
        ({}, {"nodeSelector": {"a": "b"}}, [ONLY]),
        (
            {"tolerations": [{"key": "a", "operator": "Exists"}]},
            {},
            ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"],
        ),
        (
            {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute"}]},
            {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3}]},
            [],
        ),
        (
            {},
            {"schedulingGates": [{"name": "g"}]},
            ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'"],
        ),
        ({"schedulingGates": [{"name": "g"}]}, {}, []),
        ({"schedulingGates": [{"name": "g"}]}, {"schedulingGates": [{"name": "g"}], "nodeSelector": {"a": "b"}}, []),
        (
            {"schedulingGates": [{"name": "g"}], "nodeSelector": {"a": "b"}},
            {"schedulingGates": [{"name": "g"}], "nodeSelector": {"a": "c"}},
            ['spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed'],
        ),
    ],
)
def test_of_a_spec_only_a_few_fields_change(before: JSON, after: JSON, expected: list[str]) -> None:
    found = texts(validate_pod_update(pod(after), pod(before)))
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected


def node_affinity(*requirements: Mapping[str, object]) -> JSON:
    terms = [{"matchExpressions": list(requirements)}]
    needed = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"schedulingGates": [{"name": "g"}], "affinity": {"nodeAffinity": needed}}


def test_where_a_gated_pod_may_run_is_only_narrowed() -> None:
    first = {"key": "disk", "operator": "Exists"}
    second = {"key": "zone", "operator": "In", "values": ["a"]}
    wide, narrow = pod(node_affinity(first)), pod(node_affinity(first, second))
    assert texts(validate_pod_update(narrow, wide)) == []
    (found,) = texts(validate_pod_update(wide, narrow))
    assert found.endswith("only additions are allowed (no mutations or deletions)")


def test_annotations_of_a_mirror_pod_stay() -> None:
    mirror = pod({"nodeName": "n"}, annotations={"kubernetes.io/config.mirror": "a"})
    plain = replace(mirror, metadata=replace(mirror.metadata, annotations={}))
    path = "metadata.annotations[kubernetes.io/config.mirror]"
    assert texts(validate_pod_update(plain, mirror)) == [
        f"{path}: Forbidden: may not remove or update mirror pod annotation"
    ]
    assert texts(validate_pod_update(mirror, plain)) == [f"{path}: Forbidden: may not add mirror pod annotation"]


def test_ephemeral_containers_are_added_and_never_changed_or_removed() -> None:
    none, one = pod(), pod({"ephemeralContainers": [{"name": "debug", "image": "busybox:1"}]})
    other = pod({"ephemeralContainers": [{"name": "debug", "image": "busybox:2"}]})
    path = "spec.ephemeralContainers: Forbidden: existing ephemeral containers"
    assert texts(validate_ephemeral_containers_update(one, none)) == []
    assert texts(validate_ephemeral_containers_update(none, one)) == [f'{path} "debug" may not be removed\n']
    assert texts(validate_ephemeral_containers_update(other, one)) == [f'{path} "debug" may not be changed\n']


def sized(cpu: str, **more: object) -> Pod:
    return pod({"containers": [{**APP, "resources": {"requests": {"cpu": cpu}}, **more}]})


def test_a_resize_changes_cpu_and_memory_and_nothing_else() -> None:
    assert texts(validate_pod_resize(sized("2"), sized("1"))) == []
    assert texts(validate_pod_resize(sized("2", image="other:1"), sized("1"))) == [
        "spec: Forbidden: only cpu and memory resources are mutable"
    ]
    assert texts(validate_pod_resize(pod(), sized("1"))) == [
        'spec: Invalid value: "": Pod QOS Class may not change as a result of resizing',
        "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
    ]


def with_status(value: Pod, status: PodStatus) -> Pod:
    return replace(value, status=status)


def test_a_container_that_has_ended_for_good_stays_ended() -> None:
    def one(state: ContainerState) -> PodStatus:
        return PodStatus(container_statuses=(ContainerStatus(name="app", state=state),))

    ended = one(ContainerState(terminated=ContainerStateTerminated(exit_code=0)))
    running = one(ContainerState(running=ContainerStateRunning()))
    refused = ["status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"]
    for policy, expected in (("Always", []), ("OnFailure", refused), ("Never", refused)):
        value = pod({"restartPolicy": policy})
        assert texts(validate_pod_status_update(with_status(value, running), with_status(value, ended))) == expected


def test_a_status_keeps_the_class_of_service_and_has_one_address_of_each_family() -> None:
    value = with_status(pod(), PodStatus(qos_class="Burstable"))
    status = PodStatus(qos_class="Guaranteed", pod_ips=(PodIP(ip="10.0.0.1"), PodIP(ip="10.0.0.1")))
    assert texts(validate_pod_status_update(with_status(value, status), value)) == [
        'status.qosClass: Invalid value: "Guaranteed": field is immutable',
        (
            'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.1"}]: '
            "may specify no more than one IP for each IP family"
        ),
        'status.podIPs[1]: Duplicate value: {"IP":"10.0.0.1"}',
    ]


def test_a_binding_names_a_node() -> None:
    assert texts(validate_binding(Binding(target=ObjectReference(kind="Node", name="n")))) == []
    assert texts(validate_binding(Binding(target=ObjectReference(kind="Rack")))) == [
        'target.kind: Unsupported value: "Rack": supported values: "Node", "<empty>"',
        "target.name: Required value",
    ]


def test_static_pods_and_windows_pods_are_not_changed_through_subresources() -> None:
    static = pod({"nodeName": "n"}, annotations={"kubernetes.io/config.mirror": "a"})
    windows = pod({"os": {"name": "windows"}})
    assert texts(validate_ephemeral_containers_update(static, static)) == [
        ": Forbidden: static pods do not support ephemeral containers"
    ]
    assert texts(validate_pod_resize(static, static)) == [": Forbidden: static pods cannot be resized"]
    assert texts(validate_pod_resize(windows, windows)) == [": Forbidden: windows pods cannot be resized"]


def test_a_pod_is_resized_only_where_its_node_can() -> None:
    status = ContainerStatus(name="app", state=ContainerState(running=ContainerStateRunning()))
    old = with_status(sized("1"), PodStatus(qos_class="Burstable", container_statuses=(status,)))
    assert texts(validate_pod_resize(sized("2"), old)) == [
        "spec: Forbidden: Pod running on node without support for resize"
    ]


def test_init_containers_are_resized_unless_they_would_restart() -> None:
    def one(cpu: str, **more: object) -> Pod:
        return pod({"initContainers": [{"name": "i", "image": "x", "resources": {"requests": {"cpu": cpu}}, **more}]})

    restarts = {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}
    assert texts(validate_pod_resize(one("2", restartPolicy="Always"), one("1", restartPolicy="Always"))) == []
    assert texts(validate_pod_resize(one("2"), one("1"))) == []
    path = "spec.initContainers[0]"
    assert texts(validate_pod_resize(one("2", **restarts), one("1", **restarts))) == [
        f"{path}: Forbidden: non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
    ]
    assert texts(validate_pod_resize(one("2", image="y"), one("1"))) == [
        f"{path}: Forbidden: only cpu and memory resources for init or sidecar containers are mutable"
    ]


def test_a_resize_keeps_the_order_of_containers() -> None:
    def some(*names: str) -> Pod:
        return pod({"containers": [{"name": name, "image": "x"} for name in names]})

    path, renamed = "spec.containers", "name: Forbidden: containers may not be renamed or reordered on resize"
    assert texts(validate_pod_resize(some("b", "a"), some("a", "b"))) == [
        f"{path}[0].{renamed}",
        f"{path}[1].{renamed}",
    ]
    assert texts(validate_pod_resize(some("a"), some("a", "b"))) == [
        f"{path}: Forbidden: containers may not be added or removed on resize"
    ]


def test_pod_level_resources_are_resized_and_not_removed() -> None:
    def one(**requests: str) -> Pod:
        return pod({"resources": {"requests": requests}})

    assert texts(validate_pod_resize(one(cpu="2"), one(cpu="1"))) == []
    assert texts(validate_pod_resize(one(cpu="2"), one(cpu="1", memory="1Gi"))) == [
        "spec.resources.requests: Forbidden: pod-level resource requests cannot be removed"
    ]
    removed = replace(one(cpu="1"), spec=replace(one(cpu="1").spec, resources=None))
    assert texts(validate_pod_resize(removed, one(cpu="1")))[-1:] == [
        "spec.resources: Forbidden: pod-level resources cannot be removed"
    ]
