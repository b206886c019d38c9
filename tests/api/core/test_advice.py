"""Warnings about pods that are accepted and yet unwise."""

import pytest

from kubeactors.api.core.v1.advice import warn_of_pod
from tests.api.core.builders import JSON, pod

SPECS: list[tuple[JSON, list[str]]] = [
    ({}, []),
    ({"imagePullSecrets": [{}]}, ['spec.imagePullSecrets[0].name: invalid empty name ""']),
    (
        {"nodeSelector": {"beta.kubernetes.io/os": "linux"}},
        ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
    ),
    (
        {
            "containers": [
                {"name": "a", "image": "x", "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}
            ]
        },
        ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
    ),
    (
        {"containers": [{"name": "a", "image": "x", "env": [{"name": "A"}, {"name": "A", "value": "$(A):more"}]}]},
        [],
    ),
    (
        {
            "containers": [
                {"name": "a", "image": "x", "ports": [{"containerPort": 80}]},
                {"name": "b", "image": "x", "ports": [{"containerPort": 80}]},
            ]
        },
        ["spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]"],
    ),
    (
        {"containers": [{"name": "a", "image": "x", "resources": {"requests": {"memory": "100m"}}}]},
        [
            (
                'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, '
                "must be an integer"
            )
        ],
    ),
    (
        {"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}]},
        ["spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod"],
    ),
    (
        {"volumes": [{"name": "v", "rbd": {"monitors": ["m"], "image": "i"}}]},
        ["spec.volumes[0].rbd: deprecated in v1.28, non-functional in v1.31+"],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), SPECS)
def test_what_is_unwise_is_said(spec: JSON, expected: list[str]) -> None:
    assert list(warn_of_pod(pod(spec), None)) == expected


def test_nothing_is_said_again_when_the_spec_stays() -> None:
    made = pod({"imagePullSecrets": [{"name": ""}]})
    assert list(warn_of_pod(made, made)) == []
