"""Lease renewals that are sent for many nodes at once."""

from functools import partial
from typing import TypeVar

from kubeactors.actor import Ref
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Node
from kubeactors.apimachinery.requests import ApiRequest, StopWatch
from kubeactors.apimachinery.status import ServiceUnavailable
from kubeactors.client import Client, EventSink, InProcessTransport
from kubeactors.client.transport import Transport
from kubeactors.kubelet import Kubelet, KubeletConfig
from kubeactors.kubelet.heartbeat import LEASE_NAMESPACE
from kubeactors.kubelet.messages import KeepRenewed, KubeletMessage, StopRenewing
from kubeactors.kubelet.renewals import LeaseRenewer, RenewSlot, Slots
from kubeactors.kubelet.runtimes import SimulatedRuntime
from tests.kubelet.plane import Plane

R = TypeVar("R")

INTERVAL = 10.0


class Cable:
    """A transport that can be disconnected."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.is_cut = False

    async def send(self, request: ApiRequest[R]) -> R:
        if self.is_cut:
            raise ServiceUnavailable.saying("the cable is cut")
        return await self._transport.send(request)

    def stop_watch(self, message: StopWatch) -> None:
        self._transport.stop_watch(message)


class Together:
    """Some kubelets that share a renewer."""

    def __init__(self, nodes: int) -> None:
        self.plane = Plane()
        self.slots = Slots()
        self.cable = Cable(InProcessTransport(self.plane.server))
        self.events = self.plane.sim.spawn(partial(EventSink, self.plane.client), name="kubelet-events")
        self.renewer: Ref[KeepRenewed | StopRenewing | RenewSlot] = self.plane.sim.spawn(
            partial(LeaseRenewer, Client(self.cable), INTERVAL, self.slots), name="leases"
        )
        self.kubelets = {f"node-{number}": self.boot(number) for number in range(nodes)}
        self.plane.sim.run(INTERVAL)

    def boot(self, number: int) -> Ref[KubeletMessage]:
        config = KubeletConfig(
            node_name=f"node-{number}", node_ip=f"172.16.0.{number + 1}", pod_cidr=f"10.0.{number}.0/24"
        )
        runtime = SimulatedRuntime(config.pod_cidr)
        kubelet = partial(
            Kubelet,
            client=self.plane.client,
            runtime=runtime,
            config=config,
            events=self.events,
            renewer=self.renewer,
        )
        return self.plane.sim.spawn(kubelet, name=config.node_name)

    def lease(self, name: str) -> Lease:
        return self.plane.do(lambda: self.plane.client.get(Lease, name, LEASE_NAMESPACE))

    def renewals(self, name: str) -> str:
        return self.lease(name).spec.renew_time or ""


def test_every_lease_is_renewed_every_ten_seconds_and_watchers_see_it() -> None:
    together = Together(nodes=12)
    for _ in range(3):
        before = {name: together.lease(name) for name in together.kubelets}
        together.plane.sim.run(INTERVAL)
        for name, old in before.items():
            new = together.lease(name)
            assert (new.spec.renew_time or "") > (old.spec.renew_time or "")
            assert int(new.metadata.resource_version) > int(old.metadata.resource_version)
            assert (new.metadata.uid, new.spec.holder_identity) == (old.metadata.uid, name)


def test_leases_of_one_slot_are_written_together() -> None:
    together = Together(nodes=20)
    together.plane.sim.run(INTERVAL)
    revisions = {together.lease(name).metadata.resource_version for name in together.kubelets}
    assert len(revisions) == 10


def test_the_lease_of_a_stopped_kubelet_is_not_renewed() -> None:
    together = Together(nodes=2)
    _ = together.plane.sim.stop(together.kubelets["node-0"])
    before = together.renewals("node-0"), together.renewals("node-1")
    together.plane.sim.run(2 * INTERVAL)
    assert together.renewals("node-0") == before[0]
    assert together.renewals("node-1") > before[1]


def test_a_deleted_lease_is_recreated() -> None:
    together = Together(nodes=2)
    together.plane.do(lambda: together.plane.client.delete(Lease, "node-0", LEASE_NAMESPACE))
    together.plane.sim.run(2 * INTERVAL)
    assert together.renewals("node-0") != ""
    assert together.slots.slot_of.keys() == together.kubelets.keys()


def test_a_failed_renewer_continues_with_the_same_leases() -> None:
    together = Together(nodes=2)
    together.plane.sim.crash(together.renewer, RuntimeError("a bug"))
    before = together.renewals("node-0")
    together.plane.sim.run(2 * INTERVAL)
    assert together.renewals("node-0") > before


def test_nodes_report_their_status_after_a_long_outage() -> None:
    together = Together(nodes=1)
    together.plane.sim.run(2 * INTERVAL)
    before, node = together.renewals("node-0"), together.plane.node("node-0")
    together.cable.is_cut = True
    together.plane.sim.run(4 * INTERVAL)
    assert together.renewals("node-0") == before
    assert together.plane.node("node-0") == node
    together.cable.is_cut = False
    together.plane.sim.run(2 * INTERVAL)
    assert together.renewals("node-0") > before
    assert heard(together.plane.node("node-0")) > heard(node)


def heard(node: Node) -> str:
    """Return when the node last reported."""
    return max(one.last_heartbeat_time or "" for one in node.status.conditions)
