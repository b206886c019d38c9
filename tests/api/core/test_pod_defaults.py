"""What is filled in where a manifest of a pod says nothing."""

import json

import msgspec
import pytest

from kubeactors.api.core.v1 import Pod, PodTemplateSpec
from kubeactors.api.core.v1.defaults import default_pod, default_pod_template_spec
from kubeactors.apimachinery import serializer
from tests.api.core.builders import JSON, bare_pod, container, node, pod

FULL = {
    "volumes": [
        {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
        {"name": "shop", "configMap": {"name": "shop"}},
    ],
    "initContainers": [{"name": "i", "image": "init", "resources": {"limits": {"cpu": "1"}}}],
    "containers": [
        {
            "name": "app",
            "image": "shop",
            "ports": [{"containerPort": 80}],
            "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
            "livenessProbe": {"httpGet": {"port": 80}},
            "lifecycle": {"preStop": {"httpGet": {"port": 80}}},
        }
    ],
}


class Written(msgspec.Struct):
    """What of a pod's JSON is looked at."""

    spec: dict[str, object]


class WrittenSpec(msgspec.Struct):
    """The containers within it."""

    containers: list[dict[str, object]]


def spec_of(value: Pod) -> JSON:
    return msgspec.json.decode(msgspec.json.encode(value), type=Written).spec


def first_container(value: Pod) -> JSON:
    return msgspec.convert(spec_of(value), WrittenSpec).containers[0]


def test_the_smallest_pod_becomes_one_that_runs_for_ever() -> None:
    assert spec_of(pod()) == {
        "containers": [
            {
                "name": "app",
                "image": "shop:1",
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "IfNotPresent",
            }
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
    }


def test_a_defaulted_pod_is_the_very_same_object_when_defaulted_again() -> None:
    once = default_pod(bare_pod(FULL))
    assert default_pod(once) is once


def test_pods_of_a_defaulted_template_share_its_containers() -> None:
    template = default_pod_template_spec(PodTemplateSpec(spec=bare_pod(FULL).spec))
    made = default_pod(Pod(spec=template.spec))
    assert made.spec.containers is template.spec.containers
    assert made.spec.volumes is template.spec.volumes


def test_a_template_gets_no_default_that_only_pods_have() -> None:
    spec = default_pod_template_spec(PodTemplateSpec(spec=bare_pod({**FULL, "hostNetwork": True}).spec)).spec
    assert spec.enable_service_links is None
    assert spec.init_containers[0].resources.requests == {}
    assert spec.containers[0].ports[0].host_port == 0


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("registry.example:5000/team/nginx", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("nginx@sha256:" + "0" * 64, "IfNotPresent"),
        ("Not An Image", "IfNotPresent"),
    ],
)
def test_only_the_newest_image_is_pulled_always(image: str, policy: str) -> None:
    assert container(image=image).spec.containers[0].image_pull_policy == policy


def test_probes_hooks_ports_and_variables_are_completed() -> None:
    found = first_container(default_pod(bare_pod(FULL)))
    http_get = {"path": "/", "port": 80, "scheme": "HTTP"}
    assert found["livenessProbe"] == {
        "httpGet": http_get,
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert found["lifecycle"] == {"preStop": {"httpGet": http_get}}
    assert found["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert found["env"] == [
        {"name": "NODE", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}}
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, {"emptyDir": {}}),
        ({"configMap": {"name": "c"}}, {"configMap": {"name": "c", "defaultMode": 0o644}}),
        ({"secret": {"secretName": "s"}}, {"secret": {"secretName": "s", "defaultMode": 0o644}}),
        ({"hostPath": {"path": "/x"}}, {"hostPath": {"path": "/x", "type": ""}}),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {
                "projected": {
                    "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
                    "defaultMode": 0o644,
                }
            },
        ),
        ({"image": {"reference": "data"}}, {"image": {"reference": "data", "pullPolicy": "Always"}}),
    ],
    ids=lambda value: next(iter(value), "nothing"),
)
def test_volumes_are_completed(source: JSON, expected: JSON) -> None:
    (volume,) = json.loads(msgspec.json.encode(pod({"volumes": [{"name": "v", **source}]})))["spec"]["volumes"]
    assert volume == {"name": "v", **expected}


def test_requests_follow_limits_unless_they_are_given() -> None:
    resources = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "250m"}}
    assert container(resources=resources).spec.containers[0].resources.requests == {"cpu": "250m", "memory": "1Gi"}


def test_resources_of_the_pod_are_completed_from_its_containers() -> None:
    given = {
        "resources": {"limits": {"cpu": "2", "memory": "2Gi"}},
        "containers": [{"name": "app", "image": "a", "resources": {"requests": {"cpu": "500m"}}}],
    }
    resources = pod(given).spec.resources
    assert resources is not None
    assert resources.requests == {"cpu": "500m", "memory": "2Gi"}


def test_ports_on_the_nodes_network_are_ports_of_the_node() -> None:
    made = pod({"hostNetwork": True, "containers": [{"name": "a", "image": "a", "ports": [{"containerPort": 53}]}]})
    assert made.spec.containers[0].ports[0].host_port == 53


def test_amounts_finer_than_a_thousandth_are_rounded_up() -> None:
    limits = container(resources={"limits": {"cpu": "0.1m"}}).spec.containers[0].resources.limits
    assert limits == {"cpu": "1m"}


def test_a_negative_grace_period_becomes_one_second() -> None:
    assert pod({"terminationGracePeriodSeconds": -5}).spec.termination_grace_period_seconds == 1


def test_either_name_of_the_service_account_gives_both() -> None:
    spec = pod({"serviceAccount": "robot"}).spec
    assert (spec.service_account, spec.service_account_name) == ("robot", "robot")


def test_the_old_address_field_wins_over_the_new_one() -> None:
    value = {"metadata": {"name": "a"}, "status": {"podIP": "10.0.0.2", "podIPs": [{"ip": "10.0.0.1"}]}}
    status = default_pod(serializer.from_builtins(value, Pod).object).status
    assert [one.ip for one in status.pod_ips] == ["10.0.0.2"]


def test_all_of_a_nodes_capacity_is_allocatable_unless_it_says_less() -> None:
    assert node(status={"capacity": {"cpu": "4"}}).status.allocatable == {"cpu": "4"}
    some = node(status={"capacity": {"cpu": "4"}, "allocatable": {"cpu": "3"}}).status
    assert some.allocatable == {"cpu": "3"}
