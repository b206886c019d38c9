"""What is wrong with a new pod, in Kubernetes' words."""

import pytest

from kubeactors.api.core.v1 import Pod, PodTemplateSpec
from kubeactors.api.core.v1.defaults import default_pod_template_spec
from kubeactors.api.core.v1.validation import validate_pod, validate_pod_template_spec
from tests.api.core.builders import JSON, bare_pod, container, pod, texts

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
CONTAINER = "spec.containers[0]"


def wrong(value: Pod) -> list[str]:
    return texts(validate_pod(value))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": ""}, [f"{CONTAINER}.name: Required value"]),
        ({"name": "A_B"}, [f'{CONTAINER}.name: Invalid value: "A_B": {LABEL}']),
        ({"image": ""}, [f"{CONTAINER}.image: Required value"]),
        (
            {"image": " x"},
            [f'{CONTAINER}.image: Invalid value: " x": must not have leading or trailing whitespace'],
        ),
        (
            {"imagePullPolicy": "Maybe"},
            [
                (
                    f'{CONTAINER}.imagePullPolicy: Unsupported value: "Maybe": '
                    'supported values: "Always", "IfNotPresent", "Never"'
                )
            ],
        ),
        (
            {"ports": [{"containerPort": 70000, "protocol": "HTTP"}, {}]},
            [
                f"{CONTAINER}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
                f'{CONTAINER}.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
                f"{CONTAINER}.ports[1].containerPort: Required value",
            ],
        ),
        (
            {"ports": [{"containerPort": 1, "name": "p"}, {"containerPort": 2, "name": "p"}]},
            [f'{CONTAINER}.ports[1].name: Duplicate value: "p"'],
        ),
        (
            {"ports": [{"containerPort": 1, "hostPort": 9}, {"containerPort": 2, "hostPort": 9}]},
            [f'{CONTAINER}.ports[1].hostPort: Duplicate value: "TCP//9"'],
        ),
        ({"restartPolicy": "Never"}, []),
        (
            {"restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]},
            [f"{CONTAINER}.restartPolicy: Required value: must specify restartPolicy when restart rules are used"],
        ),
    ],
)
def test_a_container_is_refused_with_the_path_of_each_field(fields: JSON, expected: list[str]) -> None:
    assert wrong(container(**fields)) == expected


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ({"name": "A"}, []),
        ({"name": "with space.and-dash"}, []),
        ({"name": "A=B"}, ["name: Invalid value"]),
        ({"name": "A", "valueFrom": {}}, ['valueFrom: Invalid value: "": must specify one of']),
        (
            {"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ['valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
        ),
        ({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}}, []),
        (
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.schedulerName"}}},
            [
                'valueFrom.fieldRef.fieldPath: Unsupported value: "spec.schedulerName": supported values: "metadata.name"'
            ],
        ),
        (
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nothing"}}},
            [
                (
                    'valueFrom.fieldRef.fieldPath: Invalid value: "spec.nothing": error converting fieldPath: '
                    "field label not supported: spec.nothing"
                )
            ],
        ),
        ({"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}}, []),
        (
            {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "2"}}},
            ['valueFrom.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor\'s values 1, 1k, 1M'],
        ),
        ({"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}, ["valueFrom.secretKeyRef.key: Required value"]),
        (
            {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "no", "path": "../x", "key": "K"}}},
            [
                'valueFrom.fileKeyRef.volumeName: Not found: "no"',
                "valueFrom.fileKeyRef.path: Invalid value: \"../x\": must not contain '..'",
            ],
        ),
    ],
)
def test_a_variable_has_a_name_and_one_source(variable: JSON, expected: list[str]) -> None:
    found = wrong(container(env=[variable]))
    assert [
        text.removeprefix(f"{CONTAINER}.env[0].")[: len(start)] for text, start in zip(found, expected, strict=True)
    ] == (expected)


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"limits": {"cpu": "1"}, "requests": {"cpu": "500m"}}, []),
        (
            {"limits": {"memory": "1Gi"}, "requests": {"memory": "2Gi"}},
            ['requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi'],
        ),
        (
            {"requests": {"memory": "-1"}},
            ['requests[memory]: Invalid value: "-1": must be greater than or equal to 0'],
        ),
        (
            {"requests": {"example.com/gpu": "1"}},
            ["limits: Required value: Limit must be set for non overcommitable resources"],
        ),
        (
            {"limits": {"example.com/gpu": "500m"}},
            [
                'limits[example.com/gpu]: Invalid value: "500m": must be an integer',
                'requests[example.com/gpu]: Invalid value: "500m": must be an integer',
            ],
        ),
        (
            {"requests": {"wheels": "4"}},
            [
                'requests[wheels]: Invalid value: "wheels": must be a standard resource type or fully qualified',
                'requests[wheels]: Invalid value: "wheels": must be a standard resource for containers',
            ],
        ),
        (
            {"limits": {"hugepages-2Mi": "3Mi", "cpu": "1"}},
            [
                'limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
                'requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
            ],
        ),
        (
            {"claims": [{"name": "gpu"}]},
            ['claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty'],
        ),
    ],
)
def test_requests_and_limits_are_amounts_of_known_resources(resources: JSON, expected: list[str]) -> None:
    found = [text.removeprefix(f"{CONTAINER}.resources.") for text in wrong(container(resources=resources))]
    assert found == expected


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ({"httpGet": {"port": "http"}}, []),
        ({}, [": Required value: must specify a handler type"]),
        (
            {"exec": {"command": ["x"]}, "grpc": {"port": 1}},
            [".grpc: Forbidden: may not specify more than 1 handler type"],
        ),
        ({"exec": {}}, [".exec.command: Required value"]),
        ({"tcpSocket": {"port": 1}, "successThreshold": 2}, [".successThreshold: Invalid value: 2: must be 1"]),
        (
            {"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 0},
            [".terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0"],
        ),
    ],
)
def test_a_liveness_probe_has_one_handler_and_sane_times(probe: JSON, expected: list[str]) -> None:
    found = [text.removeprefix(f"{CONTAINER}.livenessProbe") for text in wrong(container(livenessProbe=probe))]
    assert found == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"containers": []}, ["spec.containers: Required value"]),
        ({"restartPolicy": "Often"}, ['spec.restartPolicy: Unsupported value: "Often"']),
        ({"dnsPolicy": "None"}, ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]),
        ({"hostname": "a.b"}, ['spec.hostname: Invalid value: "a.b": must not contain dots']),
        ({"activeDeadlineSeconds": 0}, ["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1"]),
        (
            {"initContainers": [{"name": "app", "image": "x"}]},
            ['spec.initContainers[0].name: Duplicate value: "app"'],
        ),
        (
            {"initContainers": [{"name": "i", "image": "x", "livenessProbe": {"exec": {"command": ["x"]}}}]},
            ["spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without"],
        ),
        (
            {"ephemeralContainers": [{"name": "e", "image": "x", "ports": [{"containerPort": 1}]}]},
            [
                "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
                "spec.ephemeralContainers: Forbidden: cannot be set on create",
            ],
        ),
        (
            {"schedulingGates": [{"name": "example.com/wait"}], "nodeName": "n"},
            ["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"],
        ),
        (
            {"hostUsers": False, "hostNetwork": True},
            ["spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false"],
        ),
        ({"os": {"name": "plan9"}}, ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"']),
        (
            {"os": {"name": "windows"}, "securityContext": {"runAsUser": 1}, "hostPID": True},
            [
                "spec.hostPID: Forbidden: cannot be set for a windows pod",
                "spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod",
            ],
        ),
        (
            {"tolerations": [{"operator": "Equal"}]},
            ['spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty'],
        ),
        (
            {"tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 1}]},
            ["spec.tolerations[0].effect: Invalid value: \"\": effect must be 'NoExecute' when `tolerationSeconds`"],
        ),
        (
            {"securityContext": {"sysctls": [{"name": "net.core.somaxconn"}]}, "hostNetwork": True},
            ['spec.securityContext.sysctls[0].name: Invalid value: "net.core.somaxconn": may not be specified when'],
        ),
        (
            {"securityContext": {"seccompProfile": {"type": "Localhost"}}},
            ["spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type"],
        ),
        (
            {
                "resources": {"requests": {"cpu": "1"}},
                "containers": [{"name": "a", "image": "x", "resources": {"requests": {"cpu": "2"}}}],
            },
            ['spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container'],
        ),
        (
            {"hostAliases": [{"ip": "nowhere", "hostnames": ["a"]}]},
            ['spec.hostAliases[0].ip: Invalid value: "nowhere": must be a valid IP address'],
        ),
    ],
)
def test_a_spec_is_refused_with_every_error_in_order(spec: JSON, expected: list[str]) -> None:
    found = wrong(pod(spec))
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected


AFFINITIES: list[tuple[JSON, str]] = [
    (
        {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "k", "operator": "Gt", "values": ["1", "2"]}]}]
                }
            }
        },
        "must be specified single value when `operator` is 'Lt' or 'Gt'",
    ),
    (
        {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 101, "preference": {}}]}},
        "must be in the range 1-100",
    ),
    (
        {
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone", "matchLabelKeys": ["app"]}]
            }
        },
        "must not be specified when labelSelector is not set",
    ),
    (
        {
            "podAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "topologyKey": "zone",
                        "labelSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]},
                    }
                ]
            }
        },
        "not a valid selector operator",
    ),
]


@pytest.mark.parametrize(("affinity", "expected"), AFFINITIES)
def test_affinity_must_be_possible(affinity: JSON, expected: str) -> None:
    (found,) = wrong(pod({"affinity": affinity}))
    assert found.endswith(expected)


def test_a_spread_constraint_stands_for_one_pair_of_key_and_action() -> None:
    one = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    assert wrong(pod({"topologySpreadConstraints": [one, {**one, "minDomains": 0}]})) == [
        'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"',
        "spec.topologySpreadConstraints[1].minDomains: Invalid value: 0: must be greater than zero",
    ]


def test_annotations_that_mean_something_are_checked() -> None:
    annotations = {
        "controller.kubernetes.io/pod-deletion-cost": "much",
        "kubernetes.io/config.mirror": "abc",
        "container.apparmor.security.beta.kubernetes.io/nosuch": "runtime/default",
    }
    assert wrong(pod(annotations=annotations)) == [
        (
            'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "abc": '
            "must set spec.nodeName if mirror pod annotation is set"
        ),
        (
            'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "much": '
            "must be a 32bit integer"
        ),
        (
            "metadata.annotations[container.apparmor.security.beta.kubernetes.io/nosuch]: "
            'Invalid value: "nosuch": container not found'
        ),
    ]


def test_a_template_is_refused_with_paths_below_its_own() -> None:
    spec = bare_pod(
        {"containers": [{"name": "a", "image": " x"}], "ephemeralContainers": [{"name": "e", "image": "x"}]}
    )
    template = default_pod_template_spec(PodTemplateSpec(spec=spec.spec))
    assert texts(validate_pod_template_spec(template, "spec.template")) == [
        "spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template"
    ]
