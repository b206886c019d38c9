"""Heartbeats of many nodes in one message.

Kubelets that share a process hand their leases over once they hold them. The leases of a slot are renewed together,
a tenth of the interval apart from those of the next; so an idle node costs no message of its own. A lease that cannot
be renewed goes back to its kubelet.

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
    """The renewer tells itself: these are due."""

    slot: int


class Slots(msgspec.Struct):
    """Whose leases are renewed when: the same over restarts of the renewer."""

    kubelets: tuple[dict[str, KubeletRef], ...] = msgspec.field(default_factory=lambda: tuple({} for _ in range(SLOTS)))
    slot_of: dict[str, int] = msgspec.field(default_factory=dict[str, int])

    def add(self, name: str, kubelet: KubeletRef) -> None:
        """Into the emptiest slot."""
        self.remove(name)
        slot = min(range(SLOTS), key=lambda one: len(self.kubelets[one]))
        self.kubelets[slot][name] = kubelet
        self.slot_of[name] = slot

    def remove(self, name: str) -> KubeletRef | None:
        """Whose it was."""
        slot = self.slot_of.pop(name, None)
        return None if slot is None else self.kubelets[slot].pop(name)


class LeaseRenewer(Actor[KeepRenewed | StopRenewing | RenewSlot], reentrant=True, deterministic=True):
    """Renews the leases of nodes until their kubelets stop.

    Args:
        client: as whom.
        interval_seconds: how often each lease is renewed.
        slots: kept by who makes the renewer.
    """

    def __init__(self, client: Client, interval_seconds: float, slots: Slots) -> None:
        self._client = client
        self._interval_seconds = interval_seconds
        self._slots = slots
        self._renewed_at: list[int] = []
        """By slot: when nobody in it was late."""

    def started(self) -> None:
        """Slot after slot."""
        self._renewed_at = [self.ctx.now] * SLOTS
        for slot in range(SLOTS):
            self.ctx.after(self._interval_seconds * (slot + 1) / SLOTS, RenewSlot(slot), key=f"slot {slot}")

    @handle
    def keep_renewed(self, message: KeepRenewed) -> None:
        """A kubelet holds its lease."""
        self._slots.add(message.name, cast("KubeletRef", message.kubelet))

    @handle
    def stop_renewing(self, message: StopRenewing) -> None:
        """A kubelet is gone."""
        self._slots.remove(message.name)

    @handle
    async def renew_slot(self, message: RenewSlot) -> None:
        """All leases of a slot; those that fail are their kubelets' business."""
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
        """After a long silence others may have given the nodes up."""
        before, self._renewed_at[slot] = self._renewed_at[slot], self.ctx.now
        if self.ctx.now - before > LATE * self._interval_seconds * SECOND:
            for kubelet in self._slots.kubelets[slot].values():
                kubelet.tell(ReportNode())
