"""Renews the Leases of many nodes in batches.

Kubelets in one process hand their Leases over once they hold them. The Leases of a slot are renewed together, a tenth
of the interval after the slot before, so that an idle node costs no message of its own. A Lease whose renewal fails is
handed back to its kubelet.

Source: what is written when is that of k8s.io/component-helpers/apimachinery/lease (v1.36).
"""

from typing import TypeAlias, cast

import msgspec

from kubeactors.actor import Actor, Ref, handle
from kubeactors.api.coordination.v1 import Lease
from kubeactors.apimachinery.requests import RenewLeases
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Client
from kubeactors.kubelet.heartbeat import LATE, LEASE_NAMESPACE
from kubeactors.kubelet.messages import Heartbeat, KeepRenewed, ReportNode, StopRenewing
from kubeactors.message import Message

SLOTS = 10
SECOND = 1_000_000_000

KubeletRef: TypeAlias = Ref[Heartbeat | ReportNode]


class RenewSlot(Message, frozen=True):
    """Sent to itself by a timer: a slot is due."""

    slot: int


class Slots(msgspec.Struct):
    """The assignment of Leases to slots, which survives restarts of the renewer."""

    kubelets: tuple[dict[str, KubeletRef], ...] = msgspec.field(default_factory=lambda: tuple({} for _ in range(SLOTS)))
    slot_of: dict[str, int] = msgspec.field(default_factory=dict[str, int])

    def add(self, name: str, kubelet: KubeletRef) -> None:
        """Add a Lease to the emptiest slot."""
        self.remove(name)
        slot = min(range(SLOTS), key=lambda one: len(self.kubelets[one]))
        self.kubelets[slot][name] = kubelet
        self.slot_of[name] = slot

    def remove(self, name: str) -> KubeletRef | None:
        """Remove a Lease. Returns its kubelet."""
        slot = self.slot_of.pop(name, None)
        return None if slot is None else self.kubelets[slot].pop(name)


class LeaseRenewer(Actor[KeepRenewed | StopRenewing | RenewSlot], reentrant=True, deterministic=True):
    """Renews the Leases of nodes until their kubelets stop.

    Args:
        client: writes the Leases.
        interval_seconds: how often each Lease is renewed.
        slots: kept by the owner of the renewer.
    """

    def __init__(self, client: Client, interval_seconds: float, slots: Slots) -> None:
        self._client = client
        self._interval_seconds = interval_seconds
        self._slots = slots
        self._renewed_at: list[int] = []
        """By slot, when it was last renewed in time."""

    def started(self) -> None:
        """Schedule the slots, one after the other."""
        self._renewed_at = [self.ctx.now] * SLOTS
        for slot in range(SLOTS):
            self.ctx.after(self._interval_seconds * (slot + 1) / SLOTS, RenewSlot(slot), key=f"slot {slot}")

    @handle
    def keep_renewed(self, message: KeepRenewed) -> None:
        """Take over the Lease of a kubelet."""
        self._slots.add(message.name, cast("KubeletRef", message.kubelet))

    @handle
    def stop_renewing(self, message: StopRenewing) -> None:
        """Drop the Lease of a stopped kubelet."""
        self._slots.remove(message.name)

    @handle
    async def renew_slot(self, message: RenewSlot) -> None:
        """Renew the Leases of a slot; hand those that fail back to their kubelets."""
        slot = message.slot
        self.ctx.after(self._interval_seconds, message, key=f"slot {slot}")
        names = tuple(self._slots.kubelets[slot])
        if not names:
            self._renewed_at[slot] = self.ctx.now
            return
        request = RenewLeases(
            resource=self._client.resource(Lease),
            namespace=LEASE_NAMESPACE,
            names=names,
            renew_time=self.ctx.microtime(),
            user=self._client.user,
        )
        try:
            reply = await self._client.send(request)
        except StatusError as error:
            self.ctx.log.info("kubelet.not_renewed", nodes=len(names), error=str(error))
            return
        for name in reply.failed:
            kubelet = self._slots.remove(name)
            if kubelet is not None:
                kubelet.tell(Heartbeat())
        self._report_if_late(slot)

    def _report_if_late(self, slot: int) -> None:
        """After a long gap have the nodes reported: they may have been declared unreachable."""
        before, self._renewed_at[slot] = self._renewed_at[slot], self.ctx.now
        if self.ctx.now - before > LATE * self._interval_seconds * SECOND:
            for kubelet in self._slots.kubelets[slot].values():
                kubelet.tell(ReportNode())
