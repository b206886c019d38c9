"""What becomes of a Service that a client writes: defaults, and what is wrong with it."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.core.v1.service import (
    ClientIPConfig,
    LoadBalancerIngress,
    LoadBalancerStatus,
    Service,
    ServicePort,
    ServiceSpec,
    ServiceStatus,
    SessionAffinityConfig,
)
from kubeactors.apimachinery.meta import ObjectMeta

KIND = SCHEME.by_type(Service)
WEB = ServicePort(port=80)


def service(**spec: object) -> Service:
    """A defaulted service of one port."""
    return KIND.default(Service(spec=ServiceSpec(**{"ports": (WEB,), **spec})))  # type: ignore[arg-type]


def errors(it: Service) -> list[str]:
    return [str(error) for error in KIND.validate(it)]


def changes(new: Service, old: Service) -> list[str]:
    return [str(error) for error in KIND.validate_update(new, old)]


def test_a_bare_service_is_a_cluster_ip_for_tcp_on_the_same_port() -> None:
    assert service().spec == ServiceSpec(
        ports=(ServicePort(protocol="TCP", port=80, target_port=80),),
        type="ClusterIP",
        session_affinity="None",
        internal_traffic_policy="Cluster",
    )


def test_a_load_balancer_lets_traffic_in_and_has_node_ports() -> None:
    spec = service(type="LoadBalancer").spec
    assert (spec.external_traffic_policy, spec.allocate_load_balancer_node_ports) == ("Cluster", True)


def test_addresses_that_a_load_balancer_reports_are_virtual() -> None:
    reported = ServiceStatus(load_balancer=LoadBalancerStatus(ingress=(LoadBalancerIngress(ip="192.0.2.1"),)))
    balancer = KIND.default(replace(service(type="LoadBalancer"), status=reported))
    assert balancer.status.load_balancer.ingress == (LoadBalancerIngress(ip="192.0.2.1", ip_mode="VIP"),)


def test_sticky_clients_stay_for_three_hours() -> None:
    affinity = SessionAffinityConfig(client_ip=ClientIPConfig(timeout_seconds=10800))
    assert service(session_affinity="ClientIP").spec.session_affinity_config == affinity


def test_affinity_settings_without_affinity_are_dropped() -> None:
    affinity = SessionAffinityConfig(client_ip=ClientIPConfig(timeout_seconds=10))
    assert service(session_affinity_config=affinity).spec.session_affinity_config is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        ({"ports": ()}, ["spec.ports: Required value"]),
        ({"ports": (), "cluster_ip": "None", "cluster_ips": ("None",)}, []),
        (
            {"ports": (ServicePort(port=1), ServicePort(port=2))},
            ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
        ),
        (
            {"ports": (ServicePort(name="x", port=1), ServicePort(name="y", port=1))},
            [
                'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}'
            ],
        ),
        ({"ports": (ServicePort(name="x", port=1), ServicePort(name="y", port=1, protocol="UDP"))}, []),
        (
            {"ports": (ServicePort(port=1, target_port="Web"),)},
            [
                'spec.ports[0].targetPort: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'
            ],
        ),
        (
            {"ports": (ServicePort(port=1, protocol="HTTP"),)},
            ['spec.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"'],
        ),
        (
            {"type": "NodePort", "cluster_ip": "None", "cluster_ips": ("None",)},
            ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
        ),
        ({"type": "ExternalName", "external_name": "db.example.com."}, []),
        (
            {"type": "ExternalName", "ip_families": ("IPv4",)},
            [
                "spec.ipFamilies: Forbidden: may not be set for ExternalName services",
                "spec.externalName: Required value",
            ],
        ),
        (
            {"cluster_ip": "10.0.0.1"},
            ["spec.clusterIPs: Required value"],
        ),
        (
            {"cluster_ip": "10.0.0.1", "cluster_ips": ("10.0.0.1", "10.0.0.2")},
            [
                'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family'
            ],
        ),
        (
            {"cluster_ip": "10.0.0.1", "cluster_ips": ("10.0.0.1",), "ip_families": ("IPv6",)},
            ['spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`'],
        ),
        (
            {"external_ips": ("127.0.0.1", "x")},
            [
                'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
                'spec.externalIPs[1]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
            ],
        ),
        (
            {"load_balancer_source_ranges": (" 10.0.0.0/8 ", "10/8")},
            [
                "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
                'spec.LoadBalancerSourceRanges[1]: Invalid value: "10/8": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
            ],
        ),
        (
            {"traffic_distribution": "Anywhere"},
            [
                'spec.trafficDistribution: Unsupported value: "Anywhere": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"'
            ],
        ),
        (
            {"type": "LoadBalancer", "external_traffic_policy": "Local"},
            ["spec.healthCheckNodePort: Required value"],
        ),
    ],
)
def test_what_is_wrong_with_a_service_is_told_by_field(spec: dict[str, object], expected: list[str]) -> None:
    assert errors(service(**spec)) == expected


def test_a_cluster_ip_may_not_change() -> None:
    old = service(cluster_ip="10.0.0.1", cluster_ips=("10.0.0.1",), ip_families=("IPv4",))
    new = service(cluster_ip="10.0.0.2", cluster_ips=("10.0.0.2",), ip_families=("IPv4",))
    assert changes(new, old) == ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set']


def test_a_second_address_can_be_released_only_by_saying_so() -> None:
    both = {"cluster_ips": ("10.0.0.1", "fd00::1"), "ip_families": ("IPv4", "IPv6")}
    one: dict[str, object] = {"cluster_ip": "10.0.0.1", "cluster_ips": ("10.0.0.1",), "ip_families": ("IPv4",)}
    old = service(cluster_ip="10.0.0.1", ip_family_policy="PreferDualStack", **both)
    assert changes(service(ip_family_policy="SingleStack", **one), old) == []
    assert changes(service(ip_family_policy="PreferDualStack", **one), old) == [
        "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing the secondary clusterIP",
        "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing the secondary ipFamily",
    ]


def test_a_service_that_becomes_an_external_name_gives_its_address_away() -> None:
    old = service(cluster_ip="10.0.0.1", cluster_ips=("10.0.0.1",), ip_families=("IPv4",))
    assert changes(service(type="ExternalName", external_name="db.example.com"), old) == []


def test_old_addresses_in_odd_forms_may_stay() -> None:
    old = service(external_ips=("192.0.2.007",))
    assert changes(old, old) == []


def test_only_load_balancers_report_addresses() -> None:
    status = ServiceStatus(load_balancer=LoadBalancerStatus(ingress=(LoadBalancerIngress(hostname="192.0.2.1"),)))
    plain, balancer = (replace(service(type=kind), status=status) for kind in ("ClusterIP", "LoadBalancer"))
    assert [str(error) for error in KIND.validate_status_update(plain, plain)] == [
        "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"
    ]
    assert [str(error) for error in KIND.validate_status_update(balancer, balancer)] == [
        'status.loadBalancer.ingress[0].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address'
    ]


def test_field_selectors_know_the_type_and_the_address() -> None:
    assert KIND.fields(service(cluster_ip="None")) == {"spec.clusterIP": "None", "spec.type": "ClusterIP"}


def test_contradicting_topology_annotations_are_refused() -> None:
    annotations = {"service.kubernetes.io/topology-mode": "Auto", "service.kubernetes.io/topology-aware-hints": "x"}
    annotated = replace(service(), metadata=ObjectMeta(annotations=annotations))
    assert errors(annotated) == [
        'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified'
    ]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        (
            {"external_ips": ("FD00::1", "192.0.2.1")},
            [
                'spec.externalIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
                "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
            ],
        ),
        (
            {"cluster_ip": "None", "external_ips": ("192.0.2.1",), "session_affinity": "ClientIP"},
            [
                "spec.externalIPs is ignored for headless services",
                "spec.SessionAffinity is ignored for headless services",
            ],
        ),
        (
            {"cluster_ip": "10.0.0.1", "cluster_ips": ("10.0.0.1",), "external_name": "x"},
            ['spec.externalName is ignored when spec.type is not "ExternalName"'],
        ),
        (
            {"type": "LoadBalancer", "load_balancer_ip": "010.0.0.1", "load_balancer_source_ranges": ("10.0.0.0/08",)},
            [
                'spec.loadBalancerIP: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"',
                'spec.loadBalancerSourceRanges[0]: non-standard CIDR value "10.0.0.0/08" is invalid: use "10.0.0.0/8"',
            ],
        ),
        (
            {"load_balancer_source_ranges": ("FD00::/8",), "traffic_distribution": "PreferClose"},
            [
                'spec.loadBalancerSourceRanges[0]: IPv6 CIDR value "FD00::/8" should be in RFC 5952 canonical format ("fd00::/8")',
                'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
            ],
        ),
    ],
)
def test_what_is_unwise_in_a_service_is_warned_of(spec: dict[str, object], expected: list[str]) -> None:
    assert list(KIND.warn(service(**spec), None)) == expected
