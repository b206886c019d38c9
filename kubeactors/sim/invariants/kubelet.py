"""What holds of pods on nodes."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit

TERMINAL = ("Succeeded", "Failed")


class TerminalIsFinal(Invariant):
    """A pod that has ended never runs again."""

    name: ClassVar[str] = "terminal-is-final"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Its phase stays."""
        old, new = commit.old, commit.new
        if (
            isinstance(old, Pod)
            and isinstance(new, Pod)
            and old.status.phase in TERMINAL
            and new.status.phase != old.status.phase
        ):
            yield f"{title(new)} was {old.status.phase} and became {new.status.phase or 'nothing'}"


class AddressesAreUnique(Invariant):
    """When all is quiet, no two pods that run have the same address.

    For a while they may: a node that lost its power gives addresses away again that the API still shows at its old pods.
    """

    name: ClassVar[str] = "addresses-are-unique"

    def settled(self) -> Iterator[str]:
        """Look at all pods that run."""
        taken: dict[str, Pod] = {}
        for pod in self.world.of(Pod).values():
            address = pod.status.pod_ip
            if address and pod.status.phase not in TERMINAL and not pod.spec.host_network:
                if address in taken:
                    yield f"{title(pod)} and {title(taken[address])} have the address {address}"
                taken[address] = pod


INVARIANTS = (TerminalIsFinal, AddressesAreUnique)
