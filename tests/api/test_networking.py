"""Ingresses, network policies, addresses and ranges."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.core.v1.references import TypedLocalObjectReference
from kubeactors.api.networking.v1.ingress import (
    HTTPIngressPath,
    HTTPIngressRuleValue,
    Ingress,
    IngressBackend,
    IngressLoadBalancerIngress,
    IngressLoadBalancerStatus,
    IngressRule,
    IngressServiceBackend,
    IngressSpec,
    IngressStatus,
    IngressTLS,
    ServiceBackendPort,
)
from kubeactors.api.networking.v1.ingressclass import (
    IngressClass,
    IngressClassParametersReference,
    IngressClassSpec,
)
from kubeactors.api.networking.v1.ipaddress import IPAddress, IPAddressSpec, ParentReference, name_is_ip
from kubeactors.api.networking.v1.networkpolicy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
from kubeactors.api.networking.v1.servicecidr import ServiceCIDR, ServiceCIDRSpec
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta, TypedObject


def errors(it: TypedObject) -> list[str]:
    return [str(error) for error in SCHEME.by_type(type(it)).validate(it)]


def changes(new: TypedObject, old: TypedObject) -> list[str]:
    return [str(error) for error in SCHEME.by_type(type(new)).validate_update(new, old)]


WEB = IngressBackend(service=IngressServiceBackend(name="web", port=ServiceBackendPort(number=80)))


def with_path(path: str, kind: str | None = "Prefix", backend: IngressBackend = WEB) -> Ingress:
    paths = (HTTPIngressPath(path=path, path_type=kind, backend=backend),)
    return Ingress(spec=IngressSpec(rules=(IngressRule(http=HTTPIngressRuleValue(paths=paths)),)))


@pytest.mark.parametrize(
    ("ingress", "expected"),
    [
        (with_path("/"), []),
        (with_path("", "ImplementationSpecific"), []),
        (
            with_path("x", "ImplementationSpecific"),
            ['spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path'],
        ),
        (
            with_path("/a/..", "Exact"),
            ["spec.rules[0].http.paths[0].path: Invalid value: \"/a/..\": cannot end with '/..'"],
        ),
        (
            with_path("/", "Regex"),
            [
                (
                    'spec.rules[0].http.paths[0].pathType: Unsupported value: "Regex": supported values: "Exact", '
                    '"ImplementationSpecific", "Prefix"'
                )
            ],
        ),
        (
            with_path("/", backend=IngressBackend(service=IngressServiceBackend(name="web"))),
            ["spec.rules[0].http.paths[0].backend: Required value: port name or number is required"],
        ),
        (
            with_path("/", backend=replace(WEB, resource=TypedLocalObjectReference(kind="Bucket", name="b"))),
            ['spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both resource and service backends'],
        ),
        (
            with_path("/", backend=IngressBackend(resource=TypedLocalObjectReference(kind="", name="b"))),
            ["spec.rules[0].http.paths[0].backend.resource.kind: Required value"],
        ),
        (
            Ingress(spec=IngressSpec(default_backend=WEB, tls=(IngressTLS(hosts=("*.x.io", "B"), secret_name="t"),))),
            [
                (
                    'spec.tls[0].hosts[1]: Invalid value: "B": a lowercase RFC 1123 subdomain must consist of lower case '
                    "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
                    "'example.com', regex used for validation is "
                    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                )
            ],
        ),
    ],
)
def test_an_ingress_leads_somewhere(ingress: Ingress, expected: list[str]) -> None:
    assert errors(ingress) == expected


def test_a_class_named_twice_is_named_the_same() -> None:
    metadata = ObjectMeta(annotations={"kubernetes.io/ingress.class": "x"})
    ingress = Ingress(metadata=metadata, spec=IngressSpec(default_backend=WEB, ingress_class_name="x"))
    kind = SCHEME.by_type(Ingress)
    assert errors(ingress) == []
    assert list(kind.warn(ingress, None)) == [
        "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
    ]
    assert list(kind.warn(ingress, ingress)) == []


def test_an_ingress_is_reached_at_addresses_and_names() -> None:
    found = (IngressLoadBalancerIngress(ip="10.0.0.1"), IngressLoadBalancerIngress(ip="x", hostname="10.0.0.1"))
    new = Ingress(status=IngressStatus(load_balancer=IngressLoadBalancerStatus(ingress=found)))
    assert [str(one) for one in SCHEME.by_type(Ingress).validate_status_update(new, Ingress())] == [
        (
            'status.loadBalancer.ingress[1].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or '
            "2001:db8::ffff)"
        ),
        'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ]


def in_class(scope: str | None, namespace: str | None) -> IngressClass:
    parameters = IngressClassParametersReference(kind="P", name="p", scope=scope, namespace=namespace)
    return IngressClass(spec=IngressClassSpec(controller="example.com/c", parameters=parameters))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (in_class("Cluster", None), []),
        (in_class("Namespace", "default"), []),
        (
            in_class("Cluster", "default"),
            ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
        ),
        (
            in_class("Namespace", None),
            ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
        ),
        (in_class(None, None), ["spec.parameters.scope: Required value"]),
        (IngressClass(), ["spec.controller: Required value"]),
    ],
)
def test_parameters_of_a_class_are_in_its_scope(one: IngressClass, expected: list[str]) -> None:
    assert errors(one) == expected


def test_parameters_of_a_class_are_cluster_scoped_by_default() -> None:
    kind = SCHEME.by_type(IngressClass)
    assert kind.default(in_class(None, None)) == in_class("Cluster", None)
    assert kind.default(in_class("Namespace", "a")) == in_class("Namespace", "a")


def test_the_controller_of_a_class_stays() -> None:
    old, new = in_class("Cluster", None), IngressClass(spec=IngressClassSpec(controller="example.com/d"))
    assert changes(new, old) == ['spec.controller: Invalid value: "example.com/d": field is immutable']


def policy(*peers: NetworkPolicyPeer, ports: tuple[NetworkPolicyPort, ...] = ()) -> NetworkPolicy:
    return NetworkPolicy(spec=NetworkPolicySpec(ingress=(NetworkPolicyIngressRule(from_=peers, ports=ports),)))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (policy(NetworkPolicyPeer(ip_block=IPBlock(cidr="10.0.0.0/8", except_=("10.1.0.0/16",)))), []),
        (
            policy(NetworkPolicyPeer(ip_block=IPBlock(cidr="10.0.0.0/8", except_=("11.0.0.0/8", "10.0.0.0/8")))),
            [
                (
                    'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/8": must be a strict subset of '
                    "`cidr`"
                ),
                (
                    'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "10.0.0.0/8": must be a strict subset of '
                    "`cidr`"
                ),
            ],
        ),
        (policy(NetworkPolicyPeer()), ["spec.ingress[0].from[0]: Required value: must specify a peer"]),
        (
            policy(NetworkPolicyPeer(pod_selector=LabelSelector(), ip_block=IPBlock(cidr="10.0.0.0/8"))),
            ["spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer"],
        ),
        (
            policy(ports=(NetworkPolicyPort(port=80, end_port=79), NetworkPolicyPort(port="x", end_port=1))),
            [
                "spec.ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`",
                "spec.ingress[0].ports[1].endPort: Invalid value: 1: may not be specified when `port` is non-numeric",
            ],
        ),
    ],
)
def test_a_policy_names_peers_and_ports(one: NetworkPolicy, expected: list[str]) -> None:
    assert errors(one) == expected


def test_an_address_is_named_by_its_shortest_form_and_has_an_owner() -> None:
    assert name_is_ip("10.0.0.1") == ()
    assert name_is_ip("2001:DB8::1") == ('must be in canonical form ("2001:db8::1")',)
    assert errors(IPAddress()) == ["spec.parentRef: Required value"]
    owned = IPAddress(spec=IPAddressSpec(parent_ref=ParentReference(resource="services", namespace="a", name="b")))
    assert errors(owned) == []
    assert changes(replace(owned, spec=IPAddressSpec()), owned) == [
        "spec.parentRef: Invalid value: null: field is immutable"
    ]


def test_a_range_may_be_joined_by_one_of_the_other_family() -> None:
    old = ServiceCIDR(spec=ServiceCIDRSpec(cidrs=("10.1.0.0/24",)))
    assert errors(old) == []
    assert changes(ServiceCIDR(spec=ServiceCIDRSpec(cidrs=("10.1.0.0/24", "2001:db8::/64"))), old) == []
    assert changes(ServiceCIDR(spec=ServiceCIDRSpec(cidrs=("10.2.0.0/24",))), old) == [
        'spec.cidrs[0]: Invalid value: "10.2.0.0/24": field is immutable'
    ]
    assert changes(ServiceCIDR(), old) == ["spec.cidrs: Invalid value: null: field is immutable"]
    three = ServiceCIDR(spec=ServiceCIDRSpec(cidrs=("10.1.0.0/24", "x", "y")))
    assert errors(three) == [
        'spec.cidrs: Invalid value: {"cidrs":["10.1.0.0/24","x","y"]}: may only hold up to 2 values'
    ]
    assert len(errors(ServiceCIDR(spec=ServiceCIDRSpec(cidrs=("10.1.0.0/24", "10.2.0.0/24"))))) == 1
