"""Defaults, validation and field selectors of the kinds with few fields."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.apiregistration.v1.apiservice import APIService, APIServiceCondition, APIServiceStatus
from kubeactors.api.authentication.v1.tokenrequest import (
    TokenRequest,
    TokenRequestSpec,
    default_token_request,
    validate_token_request,
)
from kubeactors.api.autoscaling.v1.scale import Scale, ScaleSpec, validate_scale
from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.api.core.v1 import (
    ConfigMap,
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    Namespace,
    NamespaceSpec,
    NamespaceStatus,
    Secret,
)
from kubeactors.api.core.v1.namespace import validate_namespace_finalize
from kubeactors.api.discovery.v1 import Endpoint, EndpointHints, EndpointSlice, ForNode, ForZone
from kubeactors.api.discovery.v1 import EndpointPort as SlicePort
from kubeactors.api.policy.v1.poddisruptionbudget import PodDisruptionBudget, PodDisruptionBudgetStatus
from kubeactors.api.resource.v1.resourceclaim import ResourceClaimTemplate, ResourceClaimTemplateSpec
from kubeactors.apimachinery.meta import Condition, ObjectMeta, TypedObject

TIME = "2026-01-01T00:00:00Z"


def errors(it: TypedObject) -> list[str]:
    return [str(error) for error in SCHEME.by_type(type(it)).validate(it)]


def changes(new: TypedObject, old: TypedObject) -> list[str]:
    return [str(error) for error in SCHEME.by_type(type(new)).validate_update(new, old)]


def test_a_namespace_starts_active_and_carries_its_name() -> None:
    default = SCHEME.by_type(Namespace).default
    named = default(Namespace(metadata=ObjectMeta(name="shop", labels={"a": "b"})))
    assert named.metadata.labels == {"a": "b", "kubernetes.io/metadata.name": "shop"}
    assert named.status == NamespaceStatus(phase="Active")
    assert default(named) is named
    assert default(Namespace()).metadata.labels == {}


def test_a_finalizer_of_a_namespace_is_standard_or_has_a_domain() -> None:
    namespace = Namespace(spec=NamespaceSpec(finalizers=("kubernetes", "example.com/x", "mine")))
    why = 'Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'
    assert errors(namespace) == [f"spec.finalizers: {why}"]
    assert [str(error) for error in validate_namespace_finalize(namespace, namespace)] == [f"spec.finalizers[2]: {why}"]


@pytest.mark.parametrize(
    ("phase", "deleted", "expected"),
    [
        ("Active", None, []),
        ("Terminating", "2026-01-01T00:00:00Z", []),
        (
            "Terminating",
            None,
            ["status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"],
        ),
        (
            "Active",
            "2026-01-01T00:00:00Z",
            ["status.Phase: Invalid value: \"Active\": may only be 'Terminating' if `deletionTimestamp` is not empty"],
        ),
    ],
)
def test_the_phase_of_a_namespace_follows_from_its_deletion(
    phase: str, deleted: str | None, expected: list[str]
) -> None:
    new = Namespace(metadata=ObjectMeta(deletion_timestamp=deleted), status=NamespaceStatus(phase=phase))
    assert [str(error) for error in SCHEME.by_type(Namespace).validate_status_update(new, new)] == expected


def test_plain_text_wins_over_the_data_of_a_secret_and_is_gone() -> None:
    secret = SCHEME.by_type(Secret).default(Secret(data={"a": b"1", "b": b"2"}, string_data={"a": "ä"}))
    assert secret == Secret(data={"a": "ä".encode(), "b": b"2"}, type="Opaque")


@pytest.mark.parametrize(
    ("type_", "data", "expected"),
    [
        ("example.com/mine", {}, []),
        ("Opaque", {"..a": b""}, ["data[..a]: Invalid value: \"..a\": must not start with '..'"]),
        ("Opaque", {"a": b"x" * (1 << 20)}, []),
        ("Opaque", {"a": b"x" * (1 << 20), "b": b"y"}, ["data: Too long: may not be more than 1048576 bytes"]),
        (
            "kubernetes.io/service-account-token",
            {},
            ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
        ),
        ("kubernetes.io/dockercfg", {}, ["data[.dockercfg]: Required value"]),
        ("kubernetes.io/dockercfg", {".dockercfg": b"{}"}, []),
        (
            "kubernetes.io/dockercfg",
            {".dockercfg": b"[]"},
            [
                'data[.dockercfg]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
            ],
        ),
        (
            "kubernetes.io/dockerconfigjson",
            {".dockerconfigjson": b"{"},
            [
                'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
            ],
        ),
        ("kubernetes.io/basic-auth", {"password": b""}, []),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": b""}, ["data[ssh-privatekey]: Required value"]),
        ("kubernetes.io/tls", {"tls.crt": b""}, ["data[tls.key]: Required value"]),
    ],
)
def test_the_type_of_a_secret_decides_about_its_keys(type_: str, data: dict[str, bytes], expected: list[str]) -> None:
    assert errors(Secret(type=type_, data=data)) == expected


def test_a_sealed_secret_stays_as_it_is() -> None:
    old = Secret(type="Opaque", immutable=True, data={"a": b"1"})
    new = Secret(type="mine", data={"a": b"2"})
    assert changes(old, old) == []
    assert changes(new, old) == [
        'type: Invalid value: "mine": field is immutable',
        "immutable: Forbidden: field is immutable when `immutable` is set",
        "data: Forbidden: field is immutable when `immutable` is set",
    ]


def test_secrets_are_found_by_type() -> None:
    assert SCHEME.by_type(Secret).fields(Secret(type="Opaque")) == {"type": "Opaque"}


def test_a_sealed_config_map_stays_as_it_is() -> None:
    old = ConfigMap(immutable=True, data={"a": "1"}, binary_data={"b": b"1"})
    assert changes(replace(old, metadata=ObjectMeta(labels={"x": "y"})), old) == []
    assert changes(ConfigMap(data={"a": "2"}, binary_data={"b": b"2"}), old) == [
        "immutable: Forbidden: field is immutable when `immutable` is set",
        "data: Forbidden: field is immutable when `immutable` is set",
        "binaryData: Forbidden: field is immutable when `immutable` is set",
    ]


def test_text_and_bytes_of_a_config_map_share_one_mebibyte() -> None:
    half = 1 << 19
    fitting = ConfigMap(data={"a": "x" * half}, binary_data={"b": b"x" * half})
    assert errors(fitting) == []
    assert errors(replace(fitting, data={"a": "x" * half, "c": "y"})) == [
        "[]: Too long: may not be more than 1048576 bytes"
    ]


def test_endpoints_need_an_address_and_ports_that_can_be_told_apart() -> None:
    kind = SCHEME.by_type(Endpoints)
    ports = (EndpointPort(port=0), EndpointPort(name="b", port=81, app_protocol="a b"))
    endpoints = kind.default(
        Endpoints(
            subsets=(
                EndpointSubset(ports=ports),
                EndpointSubset(not_ready_addresses=(EndpointAddress(ip="10.0.0.1", hostname="A", node_name="N"),)),
            )
        )
    )
    assert [error.split(": a ")[0] for error in errors(endpoints)] == [
        "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
        "subsets[0].ports[0].name: Required value",
        "subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        "subsets[0].ports[1].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'subsets[1].notReadyAddresses[0].hostname: Invalid value: "A"',
        'subsets[1].notReadyAddresses[0].nodeName: Invalid value: "N"',
    ]


def test_old_addresses_of_endpoints_in_odd_forms_may_stay() -> None:
    old = Endpoints(subsets=(EndpointSubset(addresses=(EndpointAddress(ip="10.0.0.007"),)),))
    assert changes(old, old) == []


def test_deprecated_kinds_say_so() -> None:
    assert [kind.deprecation for kind in SCHEME if kind.deprecation] == [
        "v1 ComponentStatus is deprecated in v1.19+",
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ]


@pytest.mark.parametrize(
    ("slice_", "expected"),
    [
        (EndpointSlice(address_type="IPv4"), []),
        (EndpointSlice(), ["addressType: Required value"]),
        (
            EndpointSlice(address_type="IP"),
            ['addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"'],
        ),
        (
            EndpointSlice(address_type="IPv6", endpoints=(Endpoint(addresses=("10.0.0.1",)),)),
            ['endpoints[0].addresses: Invalid value: "10.0.0.1": must be an IPv6 address'],
        ),
        (
            EndpointSlice(address_type="FQDN", endpoints=(Endpoint(addresses=("db", "db.example.com.")),)),
            [
                'endpoints[0].addresses[0]: Invalid value: "db": should be a domain with at least two segments separated by dots',
            ],
        ),
        (
            EndpointSlice(address_type="IPv4", ports=(SlicePort(protocol="ICMP"), SlicePort(name=""))),
            [
                'ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
                'ports[1].name: Duplicate value: ""',
            ],
        ),
        (
            EndpointSlice(
                address_type="IPv4",
                endpoints=(
                    Endpoint(
                        addresses=("10.0.0.1",),
                        hints=EndpointHints(
                            for_zones=(ForZone(name="a"), ForZone(name="a")), for_nodes=(ForNode(name="n"),) * 9
                        ),
                    ),
                ),
            ),
            [
                'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
                "endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items",
            ],
        ),
    ],
)
def test_what_is_wrong_with_an_endpoint_slice_is_told_by_field(slice_: EndpointSlice, expected: list[str]) -> None:
    assert errors(SCHEME.by_type(EndpointSlice).default(slice_)) == expected


def test_the_address_type_of_a_slice_stays() -> None:
    old, new = EndpointSlice(address_type="IPv4"), EndpointSlice(address_type="IPv6")
    assert changes(new, old) == ['addressType: Invalid value: "IPv6": field is immutable']


def test_a_lease_knows_nothing_of_coordinated_election() -> None:
    lease = Lease(spec=LeaseSpec(holder_identity="me", strategy="OldestEmulationVersion", preferred_holder="you"))
    assert SCHEME.by_type(Lease).default(lease) == Lease(spec=LeaseSpec(holder_identity="me"))


def test_what_is_wrong_with_a_lease_is_told_by_field() -> None:
    assert errors(Lease(spec=LeaseSpec(lease_duration_seconds=-1, lease_transitions=-1))) == [
        "spec.leaseDurationSeconds: Invalid value: -1: must be greater than 0",
        "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
    ]


def test_a_workload_is_not_scaled_below_zero() -> None:
    assert [str(error) for error in validate_scale(Scale(spec=ScaleSpec(replicas=-1)))] == [
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    ]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, []),
        (600, []),
        (599, ["spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes"]),
        (
            1 << 33,
            ["spec.expirationSeconds: Invalid value: 8589934592: may not specify a duration larger than 2^32 seconds"],
        ),
    ],
)
def test_a_token_lives_for_ten_minutes_or_more(seconds: int | None, expected: list[str]) -> None:
    request = default_token_request(TokenRequest(spec=TokenRequestSpec(expiration_seconds=seconds)))
    assert [str(error) for error in validate_token_request(request)] == expected


def status_changes(new: TypedObject, old: TypedObject) -> list[str]:
    return [str(error) for error in SCHEME.by_type(type(new)).validate_status_update(new, old)]


def test_the_status_of_a_budget_has_conditions_and_counts() -> None:
    status = PodDisruptionBudgetStatus(
        conditions=(Condition(type="DisruptionAllowed", status="Perhaps", reason="r", last_transition_time=TIME),),
        disruptions_allowed=-1,
    )
    assert status_changes(PodDisruptionBudget(status=status), PodDisruptionBudget()) == [
        'status.conditions[0].status: Unsupported value: "Perhaps": supported values: "False", "True", "Unknown"',
        "status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0",
    ]


def test_an_api_is_available_or_not_or_nobody_knows() -> None:
    status = APIServiceStatus(conditions=(APIServiceCondition(type="Available", status="Perhaps"),))
    assert status_changes(APIService(status=status), APIService()) == [
        'status.conditions[0].status: Unsupported value: "Perhaps": supported values: "True", "False", "Unknown"'
    ]


def test_a_template_of_claims_has_labels_and_annotations_and_no_other_metadata() -> None:
    spec = ResourceClaimTemplateSpec(metadata=ObjectMeta(name="a", labels={"b": "c"}, finalizers=("d.example.com/e",)))
    assert errors(ResourceClaimTemplate(spec=spec)) == [
        "spec.metadata.name: Forbidden: cannot be set",
        "spec.metadata.finalizers: Forbidden: cannot be set",
    ]
