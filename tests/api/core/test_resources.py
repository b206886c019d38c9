"""What pods ask for, and their class of service."""

import pytest

from kubeactors.api.core.v1.resources import pod_limits, pod_requests, qos_class
from tests.api.core.builders import JSON, pod


def asking(name: str, cpu: str, **fields: object) -> JSON:
    return {"name": name, "image": "x", "resources": {"requests": {"cpu": cpu}}, **fields}


def test_containers_add_up_and_the_largest_init_container_counts_alone() -> None:
    spec = {"containers": [asking("a", "1"), asking("b", "500m")], "initContainers": [asking("i", "2")]}
    assert pod_requests(pod(spec)) == {"cpu": "2"}


def test_a_sidecar_counts_beside_the_containers_and_beside_later_init_containers() -> None:
    sidecar = asking("s", "1", restartPolicy="Always")
    spec = {"containers": [asking("a", "1")], "initContainers": [asking("i", "3"), sidecar, asking("j", "3")]}
    assert pod_requests(pod(spec)) == {"cpu": "4"}


def test_overhead_is_added_to_requests_and_only_to_limits_that_exist() -> None:
    limited = {"name": "a", "image": "x", "resources": {"limits": {"cpu": "1"}}}
    made = pod({"containers": [limited], "overhead": {"cpu": "100m", "memory": "10Mi"}})
    assert pod_requests(made) == {"cpu": "1100m", "memory": "10Mi"}
    assert pod_limits(made) == {"cpu": "1100m"}


def test_requests_of_the_pod_win_over_those_of_its_containers() -> None:
    made = pod({"containers": [asking("a", "1")], "resources": {"requests": {"cpu": "3"}}})
    assert pod_requests(made) == {"cpu": "3"}


CLASSES: list[tuple[list[JSON], str]] = [
    ([{}], "BestEffort"),
    ([{"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "1"}}], "BestEffort"),
    ([{"requests": {"cpu": "1"}}], "Burstable"),
    ([{"limits": {"cpu": "1"}}], "Burstable"),
    ([{"limits": {"cpu": "1", "memory": "1Gi"}}], "Guaranteed"),
    ([{"limits": {"cpu": "1", "memory": "1Gi"}}, {}], "Burstable"),
    ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}], "Burstable"),
]


@pytest.mark.parametrize(("resources", "expected"), CLASSES)
def test_the_class_of_service_follows_from_requests_and_limits(resources: list[JSON], expected: str) -> None:
    made = [{"name": f"c{i}", "image": "x", "resources": one} for i, one in enumerate(resources)]
    assert qos_class(pod({"containers": made})) == expected
