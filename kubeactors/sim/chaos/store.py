"""The store crashes in a commit, runs out of disk space, or elects a leader."""

from typing import cast

from kubeactors.apiserver import ApiServer
from kubeactors.sim.chaos.disk import Disk
from kubeactors.sim.chaos.effects import ARMED_SECONDS, Effects
from kubeactors.sim.chaos.faults import DiskFull, StoreFault, StoreLeaderChange, TornWrite
from kubeactors.sim.chaos.rules.links import Refuse
from kubeactors.sim.network import STORE, TO_STORE
from kubeactors.sim.processes import SERVER
from kubeactors.storage.messages import StoreWatchCancelled, WatchCancel


def begin(effects: Effects, disk: Disk, fault: StoreFault) -> None:
    """Begin the fault; it heals by itself."""
    match fault:
        case DiskFull():
            disk.on_refused = effects.counting(fault)
            disk.fill()
            effects.after(fault.seconds, disk.free)
        case TornWrite():
            effects.after(ARMED_SECONDS, disk.tear(fault.how, effects.counting(fault)))
        case StoreLeaderChange():
            _change_leader(effects, fault)


def _change_leader(effects: Effects, fault: StoreLeaderChange) -> None:
    server, store = effects.processes.find(SERVER), effects.processes.find(STORE)
    actor = cast("object", server.actor) if server is not None else None
    if server is not None and store is not None and isinstance(actor, ApiServer):
        watch = actor._feed.watch  # noqa: SLF001 -- chaos reaches inside
        store.tell(WatchCancel(subscriber=server, watch=watch))
        server.tell(StoreWatchCancelled(watch=watch))
        effects.rule(TO_STORE, Refuse(effects.counting(fault)), fault.seconds)
