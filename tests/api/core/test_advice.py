"""Warnings about pods that are accepted and yet unwise."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import PodSecurityContext, PodTemplateSpec, SeccompProfile
from kubeactors.api.core.v1.advice import warn_of_pod, warn_of_pod_template
from tests.api.core.builders import JSON, pod

OVERLAPS = 'volume "v" (Projected): overlapping paths:'

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
    (
        {
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [
                            {"matchExpressions": [{"key": "node-role.kubernetes.io/master", "operator": "Exists"}]}
                        ]
                    },
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {
                            "weight": 1,
                            "preference": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}]},
                        }
                    ],
                },
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "z"}],
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 1, "podAffinityTerm": {"topologyKey": "z"}}
                    ],
                },
            }
        },
        [
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]",
            "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference",
            "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector",
            "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm",
        ],
    ),
    (
        {"hostAliases": [{"ip": "1.1.1.1"}, {"ip": "1.1.1.1"}], "imagePullSecrets": [{"name": "a"}, {"name": "a"}]},
        [
            'spec.hostAliases[1].ip: duplicate ip "1.1.1.1"',
            'spec.imagePullSecrets[1].name: duplicate name "a"',
        ],
    ),
    (
        {
            "volumes": [
                {
                    "name": "v",
                    "projected": {
                        "sources": [
                            {"serviceAccountToken": {"path": "t"}},
                            {"configMap": {"name": "c", "items": [{"key": "k", "path": "t"}]}},
                            {"clusterTrustBundle": {"signerName": "example.com/s", "path": "t"}},
                        ]
                    },
                }
            ]
        },
        [
            f'{OVERLAPS} "t" (ConfigMap "c") with "t" (ServiceAccountToken)',
            f'{OVERLAPS} "t" (ClusterTrustBundle "example.com/s") with "t" (ServiceAccountToken)',
            f'{OVERLAPS} "t" (ClusterTrustBundle "example.com/s") with "t" (ConfigMap "c")',
        ],
    ),
    (
        {
            "volumes": [
                {
                    "name": "s",
                    "secret": {"secretName": "a", "items": [{"path": "x/"}, {"path": "x/y"}, {"path": "xy"}]},
                },
                {"name": "d", "downwardAPI": {"items": [{"path": "x"}, {"path": "x"}]}},
                {"name": "p", "projected": {"sources": [{}]}},
            ]
        },
        [
            'volume "s" (Secret "a"): overlapping paths: "x/y" with "x"',
            'volume "d" (DownwardAPI): overlapping paths: "x" with "x"',
            'volume "p" (Projected) has no sources provided',
        ],
    ),
    (
        {
            "containers": [
                {"name": "a", "image": "x", "ports": [{"name": "http", "containerPort": 80}]},
                {"name": "b", "image": "x", "ports": [{"name": "http", "containerPort": 81}]},
            ]
        },
        [
            (
                'spec.containers[1].ports[0]: duplicate port name "http" with spec.containers[0].ports[0], '
                "services and probes that select ports by name will use spec.containers[0].ports[0]"
            ),
        ],
    ),
    (
        {
            "containers": [
                {
                    "name": "a",
                    "image": "x",
                    "ports": [
                        {"containerPort": 80, "hostPort": 80, "hostIP": "1.1.1.1"},
                        {"containerPort": 80, "hostPort": 80},
                        {"containerPort": 80},
                        {"containerPort": 81, "hostIP": "1.1.1.1"},
                    ],
                }
            ]
        },
        [
            "spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]",
            "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]",
            "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]",
            "spec.containers[0].ports[3]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:81 Protocol:TCP",
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), SPECS)
def test_what_is_unwise_is_said(spec: JSON, expected: list[str]) -> None:
    found = list(warn_of_pod(pod(spec), None))
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected


def test_old_annotations_and_names_that_are_no_labels_are_named() -> None:
    annotations = {"scheduler.alpha.kubernetes.io/critical-pod": ""}
    assert list(warn_of_pod(pod(name="a.b", annotations=annotations), None)) == [
        (
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
            "a DNS label is recommended: [must not contain dots]"
        ),
        (
            "metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: "
            'non-functional in v1.16+; use the "priorityClassName" field instead'
        ),
    ]


def test_nothing_is_said_again_when_the_spec_stays() -> None:
    made = pod({"imagePullSecrets": [{"name": ""}]})
    assert list(warn_of_pod(made, made)) == []


def test_annotations_for_profiles_have_become_fields() -> None:
    annotations = {
        "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
        "container.seccomp.security.alpha.kubernetes.io/app": "unconfined",
        "container.apparmor.security.beta.kubernetes.io/app": "unconfined",
    }
    old = 'non-functional in v1.27+; use the "seccompProfile" field instead'
    expected = [
        f"metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: {old}",
        f"metadata.annotations[container.seccomp.security.alpha.kubernetes.io/app]: {old}",
    ]
    value = pod(annotations=annotations)
    assert list(warn_of_pod(value, None)) == expected
    template = PodTemplateSpec(metadata=value.metadata, spec=value.spec)
    assert list(warn_of_pod_template(template, "spec.template")) == [
        *(f"spec.template.{text}" for text in expected),
        (
            "spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/app]: "
            'deprecated since v1.30; use the "appArmorProfile" field instead'
        ),
    ]
    profile = SeccompProfile(type="Unconfined")
    new = replace(value, spec=replace(value.spec, security_context=PodSecurityContext(seccomp_profile=profile)))
    assert list(warn_of_pod(new, None)) == expected[1:]
