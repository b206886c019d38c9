"""Answers of cluster DNS: a table of queries, and arbitrary bytes."""

from random import Random

import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.api.core.v1 import Pod, PodIP, PodStatus, Service, ServicePort, ServiceSpec
from kubeactors.api.discovery.v1 import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.network.dns.answer import answer, answer_bytes
from kubeactors.network.dns.records import pod_records, service_records
from kubeactors.network.dns.zone import Zone

SOA = "cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5"
REVERSE_SOA = SOA.replace("cluster.local.", "in-addr.arpa.", 1)
HTTP = EndpointPort(name="http", protocol="TCP", port=8080)
PORTS = (ServicePort(name="http", protocol="TCP", port=80), ServicePort(name="dns", protocol="UDP", port=53))
NOT_READY = EndpointConditions(ready=False)
ENDPOINTS = (
    Endpoint(addresses=("10.0.0.1",), hostname="db-0"),
    Endpoint(addresses=("10.0.0.2",), conditions=EndpointConditions(ready=True)),
    Endpoint(addresses=("10.0.0.3",), hostname="db-2", conditions=NOT_READY),
)


def service(name: str, *ips: str, type_: str = "ClusterIP", **spec: object) -> Service:
    found = ServiceSpec(type=type_, cluster_ip=ips[0] if ips else "", cluster_ips=ips, ports=PORTS, **spec)  # type: ignore[arg-type]
    return Service(metadata=ObjectMeta(name=name, namespace="shop"), spec=found)


def slice_of(*endpoints: Endpoint, address_type: str = "IPv4") -> EndpointSlice:
    return EndpointSlice(address_type=address_type, endpoints=endpoints, ports=(HTTP,))


def pod(name: str, ip: str, phase: str = "Running", deleted: str | None = None) -> Pod:
    metadata = ObjectMeta(name=name, namespace="shop", deletion_timestamp=deleted)
    return Pod(metadata=metadata, status=PodStatus(phase=phase, pod_ip=ip, pod_ips=(PodIP(ip=ip),)))


def a_zone() -> Zone:
    zone = Zone()
    alias = {"type_": "ExternalName", "external_name": "Www.Example.com"}
    inside = {"type_": "ExternalName", "external_name": "web.shop.svc.cluster.local"}
    nowhere = {"type_": "ExternalName", "external_name": "gone.shop.svc.cluster.local."}
    early = service("early", "None", publish_not_ready_addresses=True)
    objects: list[tuple[Service, list[EndpointSlice]]] = [
        (service("web", "10.96.0.7"), [slice_of(ENDPOINTS[0])]),
        (service("both", "10.96.0.8", "fd00::8"), []),
        (service("waiting"), []),
        (service("db", "None"), [slice_of(*ENDPOINTS[:2]), slice_of(*ENDPOINTS[1:])]),
        (service("empty", "None"), [slice_of(ENDPOINTS[2])]),
        (early, [slice_of(Endpoint(addresses=("10.0.0.9",), conditions=NOT_READY))]),
        (service("far", **alias), []),
        (service("near", **inside), []),
        (service("dangling", **nowhere), []),
        (service("round", type_="ExternalName", external_name="round.shop.svc.cluster.local"), []),
    ]
    for one, slices in objects:
        zone.replace(one.metadata.name, service_records(one, slices))
    for there in (pod("a", "10.0.0.1"), pod("done", "10.0.0.4", "Succeeded"), pod("going", "10.0.0.5", deleted="now")):
        zone.replace(f"pod/{there.metadata.name}", pod_records(there))
    return zone


ZONE = a_zone()


def ask(name: str, kind: str, zone: Zone = ZONE) -> tuple[str, list[str], list[str], list[str]]:
    reply = answer(zone, dns.message.make_query(name, kind), Random(1))
    sections = (reply.answer, reply.authority, reply.additional)
    lines = [sorted(line for rrset in section for line in rrset.to_text().split("\n")) for section in sections]
    return (dns.rcode.to_text(reply.rcode()), *lines)  # type: ignore[return-value]


IN = ".shop.svc.cluster.local."


@pytest.mark.parametrize(
    ("name", "kind", "answers"),
    [
        ("dns-version.cluster.local.", "TXT", ['5 IN TXT "1.1.0"']),
        ("cluster.local.", "SOA", [SOA.partition(" ")[2]]),
        ("web" + IN, "A", ["5 IN A 10.96.0.7"]),
        ("WEB.Shop.svc.cluster.LOCAL.", "A", ["5 IN A 10.96.0.7"]),
        ("both" + IN, "AAAA", ["5 IN AAAA fd00::8"]),
        ("db-0.web" + IN, "A", ["5 IN A 10.0.0.1"]),
        ("db" + IN, "A", ["5 IN A 10.0.0.1", "5 IN A 10.0.0.2"]),
        ("db-0.db" + IN, "A", ["5 IN A 10.0.0.1"]),
        ("10-0-0-2.db" + IN, "A", ["5 IN A 10.0.0.2"]),
        ("early" + IN, "A", ["5 IN A 10.0.0.9"]),
        ("far" + IN, "A", ["5 IN CNAME www.example.com."]),
        ("far" + IN, "CNAME", ["5 IN CNAME www.example.com."]),
        ("7.0.96.10.in-addr.arpa.", "PTR", ["5 IN PTR web" + IN]),
        ("1.0.0.10.in-addr.arpa.", "PTR", ["5 IN PTR db-0.db" + IN]),
        ("2.0.0.10.in-addr.arpa.", "PTR", ["5 IN PTR 10-0-0-2.db" + IN]),
        ("10-0-0-1.shop.pod.cluster.local.", "A", ["5 IN A 10.0.0.1"]),
    ],
)
def test_a_name_is_answered(name: str, kind: str, answers: list[str]) -> None:
    assert ask(name, kind) == ("NOERROR", [f"{name} {one}" for one in answers], [], [])


def test_a_cname_to_a_name_of_the_cluster_is_followed() -> None:
    answers = [f"near{IN} 5 IN CNAME web{IN}", f"web{IN} 5 IN A 10.96.0.7"]
    assert ask("near" + IN, "A") == ("NOERROR", answers, [], [])
    assert ask("dangling" + IN, "A") == ("NXDOMAIN", [f"dangling{IN} 5 IN CNAME gone{IN}"], [SOA], [])
    assert set(ask("round" + IN, "A")[1]) == {f"round{IN} 5 IN CNAME round{IN}"}


def test_srv_records_are_answered_with_the_addresses_of_their_targets() -> None:
    host = [f"web{IN} 5 IN A 10.96.0.7"]
    assert ask(f"_http._tcp.web{IN}", "SRV") == (
        "NOERROR",
        [f"_http._tcp.web{IN} 5 IN SRV 0 100 80 web{IN}"],
        [],
        host,
    )
    both = [f"web{IN} 5 IN SRV 0 50 53 web{IN}", f"web{IN} 5 IN SRV 0 50 80 web{IN}"]
    assert ask(f"web{IN}", "SRV") == ("NOERROR", both, [], host)
    hosts = [f"10-0-0-2.db{IN}", f"db-0.db{IN}"]
    assert ask(f"_http._tcp.db{IN}", "SRV") == (
        "NOERROR",
        [f"_http._tcp.db{IN} 5 IN SRV 0 50 8080 {one}" for one in hosts],
        [],
        [f"{hosts[0]} 5 IN A 10.0.0.2", f"{hosts[1]} 5 IN A 10.0.0.1"],
    )


@pytest.mark.parametrize(
    "name",
    [
        "gone" + IN,
        "waiting" + IN,
        "empty" + IN,
        "db-2.db" + IN,
        "_http._udp.web" + IN,
        "web.shop.svc.cluster.local.shop.svc.cluster.local.",  # a full name with a search path appended
        "web.svc.cluster.local.",
        "10-0-0-4.shop.pod.cluster.local.",
        "10-0-0-5.shop.pod.cluster.local.",
    ],
)
def test_a_name_that_does_not_exist_is_nxdomain(name: str) -> None:
    assert ask(name, "A") == ("NXDOMAIN", [], [SOA], [])


@pytest.mark.parametrize(
    ("name", "kind", "soa"),
    [
        ("web" + IN, "AAAA", SOA),
        ("web" + IN, "MX", SOA),
        ("_tcp.web" + IN, "A", SOA),
        ("shop.svc.cluster.local.", "A", SOA),
        ("svc.cluster.local.", "A", SOA),
        ("10.in-addr.arpa.", "PTR", REVERSE_SOA),
    ],
)
def test_a_name_without_records_of_the_type_is_not_nxdomain(name: str, kind: str, soa: str) -> None:
    assert ask(name, kind) == ("NOERROR", [], [soa], [])


@pytest.mark.parametrize(
    ("name", "kind"), [("example.com.", "A"), ("mycluster.local.", "A"), ("cluster.local.", "AXFR"), (".", "NS")]
)
def test_queries_for_other_zones_are_refused(name: str, kind: str) -> None:
    assert ask(name, kind) == ("REFUSED", [], [], [])


def test_a_changed_or_deleted_service_leaves_no_fronts_behind() -> None:
    zone, untouched = Zone(), Zone()
    db = service("db", "None")
    for endpoints in (ENDPOINTS, ENDPOINTS[1:], ()):
        zone.replace("db", service_records(db, [slice_of(*endpoints)]))
        assert len(ask("db" + IN, "A", zone)[1]) == max(len(endpoints) - 1, 0)
    assert vars(zone) == vars(untouched)


def test_a_record_stays_as_long_as_one_of_its_owners() -> None:
    zone = Zone()
    for name in ("a", "b"):
        zone.replace(name, pod_records(pod(name, "10.0.0.1")))  # both on the node's network
    zone.replace("a", ())
    assert ask("10-0-0-1.shop.pod.cluster.local.", "A", zone)[0] == "NOERROR"
    zone.replace("b", ())
    assert ask("10-0-0-1.shop.pod.cluster.local.", "A", zone)[0] == "NXDOMAIN"


def many() -> Zone:
    zone = Zone()
    endpoints = [Endpoint(addresses=(f"10.0.{number}.1",)) for number in range(100)]
    zone.replace("db", service_records(service("db", "None"), [slice_of(*endpoints)]))
    return zone


def test_an_answer_that_does_not_fit_is_marked_as_truncated() -> None:
    query = dns.message.make_query("db" + IN, "A", use_edns=False).to_wire()
    short, whole = (answer_bytes(many(), query, most, Random(1)) for most in (0, 65535))
    assert short is not None
    assert whole is not None
    assert len(short) <= 512
    assert dns.message.from_wire(short, raise_on_truncation=False).flags & dns.flags.TC
    assert len(dns.message.from_wire(whole).answer[0]) == 100


def test_addresses_are_shuffled_by_the_seed() -> None:
    query = dns.message.make_query("db" + IN, "A", id=7).to_wire()
    random, same = Random(3), Random(3)
    answers = [answer_bytes(many(), query, 65535, random) for _ in range(2)]
    assert answers == [answer_bytes(many(), query, 65535, same) for _ in range(2)]
    assert answers[0] != answers[1]


@given(st.binary(max_size=64), st.integers(0, 200))
def test_no_bytes_cause_an_error(noise: bytes, at: int) -> None:
    query = dns.message.make_query("web" + IN, "A", id=7).to_wire()
    for broken in (noise, query[:at], query[:at] + noise + query[at:]):
        reply = answer_bytes(ZONE, broken, 0, Random(1))
        assert reply is None or (reply[:2] == broken[:2] and reply[2] & 0x80)


def test_an_answer_is_not_answered() -> None:
    reply = dns.message.make_response(dns.message.make_query("web" + IN, "A"))
    assert answer_bytes(ZONE, reply.to_wire(), 0, Random(1)) is None
