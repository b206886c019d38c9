"""Which connections NetworkPolicies allow."""

from collections.abc import Iterable

import pytest

from kubeactors.api.core.v1 import Container, ContainerPort, Pod, PodSpec
from kubeactors.api.networking.v1.networkpolicy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
    default_network_policy,
)
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.network.policy.rules import Connection, End, allows

NAMESPACES = {"shop": {"team": "shop"}, "other": {"team": "other"}}
DB = LabelSelector(match_labels={"app": "db"})
WEB_PODS = NetworkPolicyPeer(pod_selector=LabelSelector(match_labels={"app": "web"}))
ALL_OF_OTHER = NetworkPolicyPeer(namespace_selector=LabelSelector(match_labels={"team": "other"}))
WEB_OF_OTHER = NetworkPolicyPeer(
    namespace_selector=LabelSelector(match_labels={"team": "other"}),
    pod_selector=LabelSelector(match_labels={"app": "web"}),
)


def pod(app: str, namespace: str = "shop") -> End:
    containers = (Container(name="c", ports=(ContainerPort(name="sql", container_port=5432),)),)
    metadata = ObjectMeta(name=app, namespace=namespace, labels={"app": app})
    return End(f"127.128.0.{len(app + namespace)}", Pod(metadata=metadata, spec=PodSpec(containers=containers)))


DATABASE, WEB, JOB, FOREIGN = pod("db"), pod("web"), pod("job"), pod("web", "other")
OUTSIDE = End("192.0.2.7")


def policy(spec: NetworkPolicySpec, namespace: str = "shop") -> NetworkPolicy:
    return default_network_policy(NetworkPolicy(metadata=ObjectMeta(name="p", namespace=namespace), spec=spec))


def ingress(*peers: NetworkPolicyPeer, ports: tuple[NetworkPolicyPort, ...] = ()) -> NetworkPolicySpec:
    return NetworkPolicySpec(pod_selector=DB, ingress=(NetworkPolicyIngressRule(from_=peers, ports=ports),))


def egress(*peers: NetworkPolicyPeer) -> NetworkPolicySpec:
    rules = (NetworkPolicyEgressRule(to=peers),) if peers else ()
    selector = LabelSelector(match_labels={"app": "web"})
    return NetworkPolicySpec(pod_selector=selector, egress=rules, policy_types=("Egress",))


def passes(spec: NetworkPolicySpec | None, source: End, target: End = DATABASE, port: int = 5432) -> bool:
    def of(namespace: str) -> Iterable[NetworkPolicy]:
        return () if spec is None or namespace != "shop" else (policy(spec),)

    return allows(of, NAMESPACES, Connection(source, target, port))


def test_without_policies_all_connections_are_allowed() -> None:
    assert passes(None, FOREIGN)
    assert passes(None, OUTSIDE)


@pytest.mark.parametrize(
    ("spec", "let_in"),
    [
        (NetworkPolicySpec(pod_selector=DB), ()),
        (ingress(), (WEB, JOB, FOREIGN, OUTSIDE)),
        (ingress(WEB_PODS), (WEB,)),
        (ingress(ALL_OF_OTHER), (FOREIGN,)),
        (ingress(WEB_OF_OTHER), (FOREIGN,)),
        (ingress(WEB_PODS, ALL_OF_OTHER), (WEB, FOREIGN)),
        (ingress(NetworkPolicyPeer(pod_selector=LabelSelector())), (WEB, JOB)),
        (ingress(NetworkPolicyPeer(ip_block=IPBlock(cidr="192.0.2.0/24"))), (OUTSIDE,)),
        (ingress(NetworkPolicyPeer(ip_block=IPBlock(cidr="192.0.2.0/24", except_=("192.0.2.0/28",)))), ()),
    ],
)
def test_an_isolated_pod_accepts_connections_that_a_rule_allows(
    spec: NetworkPolicySpec, let_in: tuple[End, ...]
) -> None:
    assert tuple(one for one in (WEB, JOB, FOREIGN, OUTSIDE) if passes(spec, one)) == let_in


@pytest.mark.parametrize(
    ("port", "fits"),
    [
        (NetworkPolicyPort(port=5432), True),
        (NetworkPolicyPort(port="sql"), True),
        (NetworkPolicyPort(port="nosuch"), False),
        (NetworkPolicyPort(port=5000, end_port=6000), True),
        (NetworkPolicyPort(port=5000, end_port=5400), False),
        (NetworkPolicyPort(port=5432, protocol="UDP"), False),
        (NetworkPolicyPort(), True),
    ],
)
def test_a_rule_may_name_ports(port: NetworkPolicyPort, *, fits: bool) -> None:
    assert passes(ingress(ports=(port,)), WEB) == fits


def test_a_pod_without_egress_reaches_nobody_and_others_do() -> None:
    assert not passes(egress(), WEB)
    assert passes(egress(), JOB)


def test_an_isolated_pod_connects_where_a_rule_allows_it() -> None:
    to_database = egress(NetworkPolicyPeer(pod_selector=DB))
    assert passes(to_database, WEB)
    assert not passes(to_database, WEB, target=JOB)


def test_a_policy_holds_in_its_own_namespace() -> None:
    assert passes(NetworkPolicySpec(pod_selector=LabelSelector()), WEB, target=FOREIGN)
