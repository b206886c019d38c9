"""Names, resolvers, affinity and status details: each rule once."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.podstatus import PodStatus
from kubeactors.api.core.v1.validation import validate_pod, validate_pod_status_update
from kubeactors.apimachinery import serializer
from tests.api.core.builders import JSON, container, pod, texts

TERM: JSON = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}

SPECS: list[tuple[JSON, list[str]]] = [
    (
        {"dnsPolicy": "None", "dnsConfig": {"options": [{}]}},
        [
            "spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None"
        ],
    ),
    (
        {"dnsConfig": {"nameservers": ["1.1.1.1"] * 4, "searches": ["a_b.c.", ".", "A"], "options": [{"value": "x"}]}},
        [
            'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.1","1.1.1.1","1.1.1.1"]: must not have more',
            'spec.dnsConfig.searches[2]: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of',
            "spec.dnsConfig.options[0]: Required value: must not be empty",
        ],
    ),
    (
        {"dnsConfig": {"searches": ["x" * 60] * 34}},
        [
            'spec.dnsConfig.searches: Invalid value: ["xxx',
            'spec.dnsConfig.searches: Invalid value: ["xxx',
        ],
    ),
    (
        {"hostAliases": [{"ip": "1.1.1.1", "hostnames": ["A"]}]},
        ['spec.hostAliases[0].hostnames[0]: Invalid value: "A"'],
    ),
    (
        {"hostnameOverride": "x" * 65, "hostNetwork": True, "setHostnameAsFQDN": True},
        [
            'spec.hostnameOverride: Invalid value: "xxxx',
            "spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true",
            "spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true",
        ],
    ),
    ({"nodeSelector": {"a b": "c"}}, ['spec.nodeSelector: Invalid value: "a b"']),
    ({"readinessGates": [{"conditionType": "a b"}]}, ['spec.readinessGates[0].conditionType: Invalid value: "a b"']),
    (
        {"schedulingGates": [{"name": "a"}, {"name": "a"}]},
        ['spec.schedulingGates[1]: Duplicate value: "a"'],
    ),
    ({"serviceAccountName": "A"}, ['spec.serviceAccountName: Invalid value: "A"']),
    (
        {"priorityClassName": "A", "runtimeClassName": "B"},
        ['spec.priorityClassName: Invalid value: "A"', 'spec.runtimeClassName: Invalid value: "B"'],
    ),
    ({"preemptionPolicy": ""}, ["spec.preemptionPolicy: Required value"]),
    (
        {"overhead": {"wheels": "1"}},
        ["spec.overhead.limits[wheels]: Invalid value", "spec.overhead.limits[wheels]: Inv"],
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
        ["spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"],
    ),
    (
        {"tolerations": [{"key": "a", "value": "b c", "effect": "Never"}]},
        [
            'spec.tolerations[0].operator: Invalid value: "b c"',
            'spec.tolerations[0].effect: Unsupported value: "Never"',
        ],
    ),
    (
        {
            "resourceClaims": [
                {"name": "a"},
                {"name": "a", "resourceClaimName": "A", "resourceClaimTemplateName": "B"},
                {},
            ]
        },
        [
            'spec.resourceClaims[0]: Invalid value: {"name":"a"}: must specify one of: `resourceClaimName`',
            'spec.resourceClaims[1].name: Duplicate value: "a"',
            "spec.resourceClaims[1]: Invalid value: {",
            'spec.resourceClaims[1].resourceClaimName: Invalid value: "A"',
            'spec.resourceClaims[1].resourceClaimTemplateName: Invalid value: "B"',
            "spec.resourceClaims[2].name: Required value",
            "spec.resourceClaims[2]: Invalid value: {",
        ],
    ),
    (
        {
            "resources": {"limits": {"cpu": "1", "pods": "1"}, "claims": [{"name": "a"}]},
            "containers": [
                {"name": "a", "image": "x", "resources": {"limits": {"cpu": "2"}, "requests": {"cpu": "1"}}}
            ],
        },
        [
            "spec.resources.claims: Forbidden: claims cannot be set for Resources at pod-level",
            'spec.resources.limits[pods]: Unsupported value: "pods": supported values: "cpu", "hugepages-", "memory"',
            'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
        ],
    ),
    (
        {
            "volumes": [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}],
            "serviceAccountName": "",
        },
        [
            "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName"
        ],
    ),
    (
        {
            "ephemeralContainers": [
                {
                    "name": "app",
                    "image": " x",
                    "targetContainerName": "no",
                    "volumeMounts": [{"name": "v", "mountPath": "/x", "subPath": "a"}],
                }
            ],
            "volumes": [{"name": "v"}],
        },
        [
            'spec.ephemeralContainers[0].image: Invalid value: " x"',
            'spec.ephemeralContainers[0].name: Duplicate value: "app"',
            'spec.ephemeralContainers[0].targetContainerName: Not found: "no"',
            "spec.ephemeralContainers[0].volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container",
            "spec.ephemeralContainers: Forbidden: cannot be set on create",
        ],
    ),
    (
        {
            "initContainers": [
                {
                    "name": "s",
                    "image": "x",
                    "restartPolicy": "Always",
                    "lifecycle": {"preStop": {"sleep": {"seconds": 31}}},
                }
            ]
        },
        ["spec.initContainers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than"],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), SPECS)
def test_each_rule_of_a_spec_has_its_error(spec: JSON, expected: list[str]) -> None:
    found = texts(validate_pod(pod(spec)))
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected


def terms(**fields: object) -> JSON:
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{**TERM, **fields}]}}


def field_terms(requirement: JSON) -> JSON:
    needed = {"nodeSelectorTerms": [{"matchFields": [requirement]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": needed}}


AFFINITIES: list[tuple[JSON, list[str]]] = [
    (terms(), []),
    (terms(namespaces=["A"]), ['namespace: Invalid value: "A"']),
    (terms(matchLabelKeys=["a b"]), ['matchLabelKeys[0]: Invalid value: "a b"']),
    (terms(matchLabelKeys=["x"], mismatchLabelKeys=["x"]), ['matchLabelKeys[0]: Invalid value: "x": exists in both']),
    (field_terms({"key": "metadata.name", "operator": "In", "values": ["n"]}), []),
    (field_terms({"key": "metadata.name", "operator": "In"}), ["values: Required value: must be only one value when"]),
    (
        field_terms({"key": "metadata.uid", "operator": "Exists"}),
        [
            'operator: Invalid value: "Exists": not a valid selector operator',
            'key: Invalid value: "metadata.uid": not a valid field selector key',
        ],
    ),
    (field_terms({"key": "metadata.name", "operator": "In", "values": ["A"]}), ['values[0]: Invalid value: "A"']),
]


@pytest.mark.parametrize(("affinity", "expected"), AFFINITIES)
def test_each_rule_of_affinity_has_its_error(affinity: JSON, expected: list[str]) -> None:
    path = "spec.affinity."
    found = [text.removeprefix(path) for text in texts(validate_pod(pod({"affinity": affinity})))]
    ends = [text.partition("].")[2] if "Terms[0]" not in text else text.partition("Fields[0].")[2] for text in found]
    assert [text[: len(start)] for text, start in zip(ends, expected, strict=True)] == expected


def test_a_key_selected_twice_is_named() -> None:
    selector = {"matchLabels": {"a": "b"}, "matchExpressions": [A_IS_B]}
    (found,) = texts(validate_pod(pod({"affinity": terms(labelSelector=selector, matchLabelKeys=["a"])})))
    assert found.endswith('[0][0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector')


A_IS_B = {"key": "a", "operator": "In", "values": ["b"]}
SPREADS: list[tuple[JSON, list[str]]] = [
    ({"matchLabelKeys": ["a"]}, [".matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"]),
    (
        {"matchLabelKeys": ["a"], "labelSelector": {"matchLabels": {"a": "b"}, "matchExpressions": [A_IS_B]}},
        ['[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector'],
    ),
    (
        {"nodeAffinityPolicy": "Some", "nodeTaintsPolicy": "Some"},
        [
            '.nodeAffinityPolicy: Unsupported value: "Some": supported values: "Honor", "Ignore"',
            '.nodeTaintsPolicy: Unsupported value: "Some": supported values: "Honor", "Ignore"',
        ],
    ),
    (
        {"whenUnsatisfiable": "ScheduleAnyway", "minDomains": 1},
        [
            (
                ".minDomains: Invalid value: 1: "
                "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"
            )
        ],
    ),
]


@pytest.mark.parametrize(("fields", "expected"), SPREADS)
def test_each_rule_of_spreading_has_its_error(fields: JSON, expected: list[str]) -> None:
    one = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", **fields}
    path = "spec.topologySpreadConstraints[0]"
    assert texts(validate_pod(pod({"topologySpreadConstraints": [one]}))) == [f"{path}{end}" for end in expected]


CONTAINERS: list[tuple[JSON, list[str]]] = [
    (
        {"envFrom": [{"prefix": "a=", "secretRef": {}}]},
        ["envFrom[0].prefix: Inv", "envFrom[0].secretRef.name: Required"],
    ),
    (
        {"envFrom": [{"configMapRef": {"name": "a"}, "secretRef": {"name": "A"}}]},
        [
            'envFrom[0].secretRef.name: Invalid value: "A"',
            'envFrom: Invalid value: "": may not have more than one field',
        ],
    ),
    (
        {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v2"}}}]},
        [
            'env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod'
        ],
    ),
    (
        {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name['a']"}}}]},
        [
            "env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"metadata.name['a']\": error converting fieldPath: field label"
        ],
    ),
    (
        {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}}]},
        ['env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are'],
    ),
    (
        {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {}}}]},
        ["env[0].valueFrom.resourceFieldRef.resource: Required value"],
    ),
    (
        {"readinessProbe": {"exec": {"command": ["x"]}, "terminationGracePeriodSeconds": 1}},
        ["readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes"],
    ),
    (
        {"startupProbe": {"httpGet": {"port": 0, "scheme": "FTP", "httpHeaders": [{"name": "a b", "value": ""}]}}},
        [
            "startupProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive",
            'startupProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
            'startupProbe.httpGet.httpHeaders: Invalid value: "a b"',
        ],
    ),
    ({"lifecycle": {"postStart": {}}}, ["lifecycle.postStart: Required value: must specify a handler type"]),
    (
        {"terminationMessagePolicy": "Shout"},
        ['terminationMessagePolicy: Unsupported value: "Shout": supported values: "File", "FallbackToLogsOnError"'],
    ),
    (
        {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": ""}, {"resourceName": "cpu"}]},
        ["resizePolicy: Required value", 'resizePolicy[1]: Duplicate value: "cpu"', "resizePolicy: Required value"],
    ),
    (
        {"restartPolicy": "Odd", "restartPolicyRules": [{"action": "Jump"}, {"exitCodes": {"operator": "Near"}}]},
        [
            'restartPolicy: Unsupported value: "Odd": supported values: "Always", "Never", "OnFailure"',
            'restartPolicyRules[0].action: Unsupported value: "Jump"',
            "restartPolicyRules[0].exitCodes: Required value: must be specified",
            'restartPolicyRules[1].action: Unsupported value: ""',
            'restartPolicyRules[1].exitCodes.operator: Unsupported value: "Near": supported values: "In", "NotIn"',
            "restartPolicyRules[1].exitCodes.values: Required value",
        ],
    ),
    (
        {"resources": {"claims": [{}, {"name": "a", "request": "A"}, {"name": "a"}, {"name": "a"}]}},
        [
            "resources.claims[0]: Required value",
            'resources.claims[1].request: Invalid value: "A"',
            'resources.claims[1]: Not found: "a"',
            'resources.claims[2]: Duplicate value: "a"',
            'resources.claims[2]: Not found: "a"',
            'resources.claims[3]: Duplicate value: "a"',
            'resources.claims[3]: Not found: "a"',
        ],
    ),
]


@pytest.mark.parametrize(("fields", "expected"), CONTAINERS)
def test_each_rule_of_a_container_has_its_error(fields: JSON, expected: list[str]) -> None:
    path = "spec.containers[0]."
    found = [text.removeprefix(path) for text in texts(validate_pod(container(**fields)))]
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected


STATUSES: list[tuple[JSON, list[str]]] = [
    (
        {"conditions": [{"type": "Ready", "status": "True"}, {"type": "a b", "status": ""}]},
        ['status.conditions[1].Type: Invalid value: "a b"'],
    ),
    ({"nominatedNodeName": "A"}, ['status.nominatedNodeName: Invalid value: "A"']),
    (
        {"hostIP": "1.1.1.1", "hostIPs": [{"ip": "1.1.1.2"}]},
        ['status.hostIPs[0].ip: Invalid value: "1.1.1.2": must be equal to `hostIP`'],
    ),
    ({"podIPs": [{"ip": "1.1.1.1"}, {"ip": "fd00::1"}]}, []),
    ({"podIPs": [{"ip": "nowhere"}]}, ['status.podIPs[0]: Invalid value: "nowhere": must be a valid IP address']),
    (
        {"resourceClaimStatuses": [{"name": "no", "resourceClaimName": "A"}]},
        [
            'status.resourceClaimStatuses[0].name: Invalid value: "no": must match the name of an entry in',
            'status.resourceClaimStatuses[0].name: Invalid value: "A"',
        ],
    ),
    (
        {"containerStatuses": [{"name": "app", "user": {"linux": {"uid": -1, "gid": 0, "supplementalGroups": [-1]}}}]},
        [
            "status.containerStatuses[0].linux.uid: Invalid value: -1",
            "status.containerStatuses[0].linux.supplementalGroups[0]: Invalid value: -1",
        ],
    ),
    (
        {
            "containerStatuses": [
                {
                    "name": "app",
                    "allocatedResourcesStatus": [
                        {
                            "name": "example.com/gpu",
                            "resources": [
                                {"resourceID": "a", "health": "Healthy"},
                                {"resourceID": "a", "health": "Odd"},
                            ],
                        },
                        {"name": "claim:x"},
                    ],
                }
            ]
        },
        [
            "status.containerStatuses[0].allocatedResourcesStatus[0].name: Invalid value",
            'status.containerStatuses[0].allocatedResourcesStatus[0].resources[1].health: Unsupported value: "Odd"',
            'status.containerStatuses[0].allocatedResourcesStatus[0].resources[1].resourceID: Duplicate value: "a"',
            'status.containerStatuses[0].allocatedResourcesStatus[1].name: Invalid value: "claim:x": must match one of the',
        ],
    ),
    (
        {"ephemeralContainerStatuses": [{"name": "e", "allocatedResourcesStatus": [{"name": "cpu"}]}]},
        [
            "status.ephemeralContainerStatuses[0].allocatedResourcesStatus: Forbidden: must not be specified in container"
        ],
    ),
]


@pytest.mark.parametrize(("status", "expected"), STATUSES)
def test_each_rule_of_a_status_has_its_error(status: JSON, expected: list[str]) -> None:
    old: Pod = pod()
    new = replace(old, status=serializer.from_builtins(status, PodStatus).object)
    found = texts(validate_pod_status_update(new, old))
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected
