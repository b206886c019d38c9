"""The service proxy in the simulator."""

from collections import Counter
from functools import partial

from msgspec.structs import replace

from kubeactors.actor import Ref
from kubeactors.api.core.v1 import PodIP, PodStatus, Service, ServiceAccount, ServicePort, ServiceSpec
from kubeactors.api.core.v1.service import ClientIPConfig, SessionAffinityConfig
from kubeactors.api.discovery.v1 import Endpoint, EndpointPort, EndpointSlice
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.network.proxy import Choose, Front, Fronts, ProxyMessage, ServiceProxy
from kubeactors.testing.builders import make_pod, make_pod_spec
from tests.client.door import Door

FRONT = Front("default/web", 80, "", "127.96.0.7", 80)
STICKY = SessionAffinityConfig(client_ip=ClientIPConfig(timeout_seconds=60))


class Sockets:
    def __init__(self) -> None:
        self.told: list[Fronts] = []

    def tell(self, message: Fronts, /) -> bool:
        self.told.append(message)
        return True


def web(**spec: object) -> Service:
    given = ServiceSpec(cluster_ip="10.96.0.7", ports=(ServicePort(port=80, protocol="TCP"),), **spec)  # type: ignore[arg-type]
    return Service(metadata=ObjectMeta(name="web", namespace="default"), spec=given)


def slice_of(*addresses: str) -> EndpointSlice:
    return EndpointSlice(
        metadata=ObjectMeta(name="web-1", namespace="default", labels={"kubernetes.io/service-name": "web"}),
        address_type="IPv4",
        endpoints=tuple(Endpoint(addresses=(one,)) for one in addresses),
        ports=(EndpointPort(name="", protocol="TCP", port=8080),),
    )


class Bench:
    """A proxy, and requests to it."""

    def __init__(self, service: Service, *addresses: str) -> None:
        self.door = Door()
        self.door.create(service)
        self.slice = self.door.create(slice_of(*addresses))
        self.sockets = Sockets()
        self.proxy: Ref[ProxyMessage] = self.door.sim.spawn(partial(ServiceProxy, self.door.client, self.sockets))

    def choose(self, client: str = "127.0.0.1") -> str:
        backend = self.door.sim.ask(self.proxy, Choose(FRONT, client))
        return "" if backend is None else backend.address

    def endpoints(self, *addresses: str) -> None:
        self.door.change(self.slice, lambda live: replace(live, endpoints=slice_of(*addresses).endpoints))
        self.door.sim.run(1)


def test_connections_are_spread_over_the_present_backends() -> None:
    bench = Bench(web(), "10.0.0.1", "10.0.0.2", "10.0.0.3")
    counts = Counter(bench.choose() for _ in range(300))
    assert sorted(counts) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert min(counts.values()) > 60
    bench.endpoints("10.0.0.2", "10.0.0.4")
    assert {bench.choose() for _ in range(100)} == {"10.0.0.2", "10.0.0.4"}
    bench.endpoints()
    assert bench.choose() == ""


def test_a_client_keeps_its_backend_until_its_affinity_times_out() -> None:
    bench = Bench(web(session_affinity="ClientIP", session_affinity_config=STICKY), "10.0.0.1", "10.0.0.2", "10.0.0.3")
    clients = [f"127.0.0.{number}" for number in range(1, 40)]
    first = [bench.choose(one) for one in clients]
    for _ in range(3):
        bench.door.sim.run(40)
        assert [bench.choose(one) for one in clients] == first
    bench.door.sim.run(61)
    assert [bench.choose(one) for one in clients] != first


def test_a_client_whose_backend_is_gone_gets_another() -> None:
    bench = Bench(web(session_affinity="ClientIP"), "10.0.0.1", "10.0.0.2")
    kept = bench.choose()
    (other,) = {"10.0.0.1", "10.0.0.2"} - {kept}
    bench.endpoints(other)
    assert bench.choose() == other
    bench.endpoints("10.0.0.1", "10.0.0.2")
    assert {bench.choose() for _ in range(20)} == {other}


def test_a_client_that_is_a_pod_is_on_its_node() -> None:
    bench = Bench(web(internal_traffic_policy="Local"), "10.0.0.1", "10.0.0.2")
    here, there = (Endpoint(addresses=(f"10.0.0.{one}",), node_name=f"node-{one}") for one in (1, 2))
    bench.door.change(bench.slice, lambda live: replace(live, endpoints=(here, there)))
    bench.door.create(ServiceAccount(metadata=ObjectMeta(name="default", namespace="default")))
    client = bench.door.create(make_pod("client", spec=make_pod_spec(node_name="node-2")))
    status = PodStatus(pod_ip="127.128.0.9", pod_ips=(PodIP(ip="127.128.0.9"),))
    bench.door.change(client, lambda live: replace(live, status=status), "status")
    bench.door.sim.run(1)
    assert {bench.choose("127.128.0.9") for _ in range(20)} == {"10.0.0.2"}
    assert {bench.choose("127.0.0.1") for _ in range(40)} == {"10.0.0.1", "10.0.0.2"}


def test_sockets_get_all_fronts_once_and_then_changes() -> None:
    bench = Bench(web(), "10.0.0.1")
    bench.door.sim.run(1)
    (first,) = bench.sockets.told
    assert (first.service, FRONT in first.fronts) == (None, True)
    bench.endpoints("10.0.0.2")
    assert bench.sockets.told == [first]
    bench.door.delete(web())
    bench.door.sim.run(1)
    assert bench.sockets.told == [first, Fronts("default/web", ())]
