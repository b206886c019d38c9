"""The same promises of every container runtime."""

from pathlib import Path

from kubeactors.actor import Context, SimSystem
from kubeactors.kubelet.runtimes import Behaviour, ContainerContext, SimulatedRuntime
from kubeactors.kubelet.runtimes.coroutine import CoroutineRuntime, Coroutines
from kubeactors.kubelet.runtimes.host import ContainerHost, Do
from kubeactors.kubelet.runtimes.platform import KernelPlatform
from kubeactors.kubelet.runtimes.programs import Programs
from kubeactors.testing.container_runtime import ContainerRuntimeContract, RuntimeLab

CIDR = "10.0.0.0/25"
FAILING = {"example/failing": Behaviour(run_seconds=2.0, exit_code=3)}


async def serve(container: ContainerContext) -> None:
    container.print("serving")
    await container.until_terminated()
    container.print("good bye")


async def idle(container: ContainerContext) -> None:
    container.print("serving")
    while True:
        await container.sleep(1000.0)


async def fail(container: ContainerContext) -> int:
    await container.sleep(2.0)
    return 3


def world(ctx: Context[Do]) -> KernelPlatform[Do]:
    return KernelPlatform(ctx)


class SimulatedLab:
    serving = "example/serving"
    failing = "example/failing"

    def __init__(self) -> None:
        self.runtime = SimulatedRuntime(CIDR, Behaviour(start_seconds=1.0, stop_seconds=1.0), FAILING)
        self._now = 1_767_225_600_000_000_000

    def now(self) -> int:
        return self._now

    def run(self, seconds: float) -> None:
        self._now += int(seconds * 1e9)


class CoroutineLab:
    """Coroutines in the simulator."""

    failing = "shop/failing:1"

    def __init__(self, serving: str) -> None:
        self.serving = serving
        self._sim = SimSystem(seed=3)
        host = self._sim.spawn(lambda: ContainerHost(world), name="containers")
        programs = Programs({"shop/web": serve, "shop/idle": idle, "shop/failing": fail})
        coroutines = Coroutines(programs, host, Path("/nonexistent"))
        self.runtime = CoroutineRuntime(CIDR, coroutines, Behaviour(start_seconds=1.0), FAILING)

    def now(self) -> int:
        return self._sim.kernel.wall + self._sim.now

    def run(self, seconds: float) -> None:
        self._sim.run(seconds)


class TestSimulatedRuntime(ContainerRuntimeContract):
    def lab(self) -> RuntimeLab:
        return SimulatedLab()


class TestCoroutineRuntime(ContainerRuntimeContract):
    def lab(self) -> RuntimeLab:
        return CoroutineLab("shop/web:1")


class TestCoroutinesThatAreCancelled(ContainerRuntimeContract):
    def lab(self) -> RuntimeLab:
        return CoroutineLab("shop/idle")


class TestSimulatedContainersInACoroutineRuntime(ContainerRuntimeContract):
    def lab(self) -> RuntimeLab:
        return CoroutineLab("example/serving")
