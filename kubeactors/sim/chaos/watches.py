"""Watches that deliver late, twice, or never."""

from functools import partial

from kubeactors.apimachinery.requests import WatchClosed
from kubeactors.apiserver.messages import CompactHistory
from kubeactors.sim.chaos.effects import Effects
from kubeactors.sim.chaos.faults import (
    Compaction,
    MailboxOverflow,
    StoreLag,
    WatchBreak,
    WatchExpired,
    WatchFault,
    WatchLag,
    WatchRepeat,
)
from kubeactors.sim.chaos.rules.watches import EXPIRED, Break, Lag, Repeat
from kubeactors.sim.network import STORE, disconnect
from kubeactors.sim.processes import SERVER


def begin(effects: Effects, fault: WatchFault) -> None:
    """Begin the fault; it heals by itself."""
    fired = effects.counting(fault)
    match fault:
        case WatchLag():
            effects.rule(fault.component, Lag(fault.resource, fired), fault.seconds)
        case WatchBreak():
            effects.rule(fault.component, Break(fault.resource, fired), fault.seconds)
        case WatchExpired():
            effects.rule(fault.component, Break(fault.resource, fired, EXPIRED), fault.seconds)
        case WatchRepeat():
            effects.rule(fault.component, Repeat(fault.resource, fired), fault.seconds)
        case StoreLag():
            effects.rule(STORE, Lag("", fired, of_store=True), fault.seconds)
        case MailboxOverflow():
            _fill_mailboxes(effects, fault)
        case Compaction():
            _compact(effects, fault)


def _fill_mailboxes(effects: Effects, fault: MailboxOverflow) -> None:
    for subscriber, stream in effects.network.streams_of(fault.component):
        if stream.resource == fault.resource and subscriber.capacity:
            effects.count(fault)
            effects.after(fault.seconds, partial(setattr, subscriber, "capacity", subscriber.capacity))
            subscriber.capacity = 0


def _compact(effects: Effects, fault: Compaction) -> None:
    server = effects.processes.find(SERVER)
    if server is None:
        return
    effects.count(fault)
    server.tell(CompactHistory())  # notes the revision
    server.tell(CompactHistory())  # compacts up to it
    for subscriber, stream in effects.network.streams_of(fault.component):
        disconnect(stream, subscriber, WatchClosed(stream.request.watch, EXPIRED))
