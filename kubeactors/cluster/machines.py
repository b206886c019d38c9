"""The machines: each runs a kubelet and a container runtime, and can lose its power."""

from functools import partial

from kubeactors.actor import Actor, Ref, handle
from kubeactors.actor.supervision import Supervision
from kubeactors.client import Client
from kubeactors.cluster.spec import RACK_LABEL, ZONE_LABEL, NodePool
from kubeactors.kubelet import Kubelet, KubeletConfig
from kubeactors.message import Message, Request


class PowerOff(Message, frozen=True):
    """These machines stop at once: nobody is told, containers are gone."""

    names: tuple[str, ...]


class PowerOn(Message, frozen=True):
    """These machines boot: a fresh kubelet, no containers."""

    names: tuple[str, ...]


class GetRacks(Request[dict[str, tuple[str, ...]]], frozen=True):
    """Which machines share a power supply: their names by rack."""


class GetKubelet(Request[Ref[object] | None], frozen=True):
    """The kubelet of one machine; None if it is off or unknown."""

    name: str


MachinesMessage = PowerOff | PowerOn | GetRacks | GetKubelet


class Machines(Actor[MachinesMessage], deterministic=True):
    """Boots every machine of a pool when it starts, and later on request.

    A kubelet that fails is started again and finds its runtime as it was; a machine that loses its power loses both.
    """

    supervision = Supervision(max_restarts=1_000_000, within_seconds=60.0, backoff_seconds=0.5)

    def __init__(self, client: Client, pool: NodePool) -> None:
        self._client = client
        self._pool = pool
        self._names = pool.names()
        self._index = {name: index for index, name in enumerate(self._names)}
        self._kubelets: dict[str, Ref[object]] = {}

    def started(self) -> None:
        """Boot all."""
        for name in self._names:
            self._boot(name)

    @handle
    def power_off(self, message: PowerOff) -> None:
        """Stop kubelets without a word to anybody."""
        for name in message.names:
            kubelet = self._kubelets.pop(name, None)
            if kubelet is not None:
                self.ctx.stop(kubelet, "no power")

    @handle
    def power_on(self, message: PowerOn) -> None:
        """Boot those that are off."""
        for name in message.names:
            if name in self._index and name not in self._kubelets:
                self._boot(name)

    @handle
    def get_racks(self, message: GetRacks) -> dict[str, tuple[str, ...]]:
        """All machines, on or off."""
        racks: dict[str, list[str]] = {}
        for index, name in enumerate(self._names):
            racks.setdefault(self._pool.rack_of(index), []).append(name)
        return {rack: tuple(names) for rack, names in racks.items()}

    @handle
    def get_kubelet(self, message: GetKubelet) -> Ref[object] | None:
        """Where to ask for logs."""
        return self._kubelets.get(message.name)

    def _boot(self, name: str) -> None:
        config = kubelet_config(self._pool, name, self._index[name])
        self._kubelets[name] = self.ctx.spawn(partial(Kubelet, client=self._client, config=config), name=name)


def kubelet_config(pool: NodePool, name: str, index: int) -> KubeletConfig:
    """The settings of the kubelet at this place of the pool."""
    return KubeletConfig(
        node_name=name,
        labels={ZONE_LABEL: pool.zone, RACK_LABEL: pool.rack_of(index)},
        capacity={"cpu": pool.cpu, "memory": pool.memory, "pods": pool.pods},
    )
