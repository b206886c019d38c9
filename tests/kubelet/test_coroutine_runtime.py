"""Containers that are coroutines, in the simulator."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kubeactors.actor import Context, SimSystem
from kubeactors.api.core.v1 import Container, Probe
from kubeactors.api.core.v1.probe import GRPCAction
from kubeactors.kubelet.runtimes import (
    CommandContext,
    ContainerConfig,
    ContainerContext,
    ContainerState,
    Mount,
    PodSandboxConfig,
    ProbeResult,
    Program,
    RuntimeContainer,
)
from kubeactors.kubelet.runtimes.coroutine import CoroutineRuntime, Coroutines
from kubeactors.kubelet.runtimes.host import ContainerHost, Do
from kubeactors.kubelet.runtimes.platform import KernelPlatform
from kubeactors.kubelet.runtimes.programs import Image, Programs

SECOND = 1_000_000_000


def world(ctx: Context[Do]) -> KernelPlatform[Do]:
    return KernelPlatform(ctx)


class Lab:
    """One container of one image."""

    def __init__(self, image: Image, directory: Path = Path("/nonexistent"), **container: object) -> None:
        self.sim = SimSystem(seed=1)
        host = self.sim.spawn(lambda: ContainerHost(world), name="containers")
        self.runtime = CoroutineRuntime("10.128.0.0/24", Coroutines(Programs({"shop/x": image}), host, directory))
        config = PodSandboxConfig(uid="u", namespace="default", name="p", images=("shop/x:1",))
        sandbox = self.runtime.run_pod_sandbox(config, self.now)
        assert sandbox is not None
        self.sandbox = sandbox
        self._container = Container(name="c", image="shop/x:1", **container)  # type: ignore[arg-type]
        self.id = ""

    @property
    def now(self) -> int:
        return self.sim.kernel.wall + self.sim.now

    def start(self, *mounts: Mount) -> "Lab":
        config = ContainerConfig(container=self._container, attempt=0, env={"A": "b"}, mounts=mounts)
        self.id = self.runtime.create_container(self.sandbox.id, config, self.now)
        self.runtime.start_container(self.id, self.now)
        self.sim.run(0.1)
        return self

    def seen(self) -> RuntimeContainer:
        return self.runtime.container_status(self.id, self.now)

    def log(self) -> list[str]:
        return [line.text for line in self.runtime.container_log(self.id, self.now).lines]


async def polite(container: ContainerContext) -> int:
    await container.until_terminated()
    await container.sleep(3.0)
    container.print("saved")
    return 0


async def careless(container: ContainerContext) -> None:
    try:
        await container.sleep(1000.0)
    finally:
        container.print("cleaned up")


async def stubborn(container: ContainerContext) -> None:
    await container.until_terminated()
    await container.sleep(1000.0)


@pytest.mark.parametrize(
    ("image", "grace_seconds", "exit_code", "after_seconds"),
    [(polite, 10.0, 0, 3.0), (polite, 1.0, 137, 1.0), (careless, 10.0, 143, 0.0), (stubborn, 5.0, 137, 5.0)],
)
def test_a_coroutine_container_terminates_as_a_process_does(
    image: Callable[..., object], grace_seconds: float, exit_code: int, after_seconds: float
) -> None:
    lab = Lab(image).start()  # type: ignore[arg-type]
    asked = lab.now
    lab.runtime.stop_container(lab.id, grace_seconds, asked)
    lab.sim.run(20.0)
    ended = lab.seen()
    assert (ended.state, ended.exit_code) == (ContainerState.EXITED, exit_code)
    assert ended.finished_at == asked + int(after_seconds * SECOND)


def test_a_cancelled_coroutine_container_can_clean_up() -> None:
    lab = Lab(careless).start()
    lab.runtime.stop_container(lab.id, 10.0, lab.now)
    lab.sim.run(0.1)
    assert lab.log() == ["cleaned up"]


async def exits(container: ContainerContext) -> None:
    sys.exit(int(container.args[0]))


def test_system_exit_is_the_exit_code_of_the_container() -> None:
    ended = Lab(exits, args=("4",)).start().seen()
    assert (ended.state, ended.exit_code, ended.reason) == (ContainerState.EXITED, 4, "Error")


async def migrate(command: CommandContext) -> int:
    command.print("migrating", *command.args)
    return 0


def test_exec_runs_commands_that_the_image_defines() -> None:
    image = Program(polite, {"migrate": migrate})
    lab = Lab(image, command=("migrate",), args=("now",)).start()
    assert (lab.seen().exit_code, lab.log()) == (0, ["migrating now"])
    unknown = Lab(image, command=("vacuum",)).start().seen()
    assert (unknown.exit_code, unknown.reason) == (128, "StartError")
    assert unknown.message == 'exec: "vacuum": executable file not found in $PATH'


async def reads(container: ContainerContext) -> None:
    for path in container.volumes.values():
        container.print((path / "colour").read_text() if path.is_dir() else path.read_text())


def test_volumes_are_local_directories_that_are_removed_with_the_pod(tmp_path: Path) -> None:
    files = {"colour": b"blue", "deep/colour": b"red"}
    lab = Lab(reads, tmp_path).start(
        Mount(path="/a", directory="u/v", files=files),
        Mount(path="/b", directory="u/v", files=files, sub_path="deep"),
        Mount(path="/c", directory="u/v", files=files, sub_path="colour"),
    )
    assert lab.log() == ["blue", "red", "blue"]
    lab.runtime.stop_pod_sandbox(lab.sandbox.id, lab.now)
    lab.runtime.remove_pod_sandbox(lab.sandbox.id)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        ("python://no.such.module:x", "ModuleNotFoundError: No module named 'no'"),
        ("python://os:nothing", "AttributeError"),
        ("python://os:system", "neither an async def nor a Program"),
        ("python://os", "is not python://package.module:function"),
    ],
)
def test_an_image_that_is_not_a_program_cannot_be_pulled(image: str, complaint: str) -> None:
    lab = Lab(polite)
    failure = lab.runtime.pull_image(image, lab.sandbox.id, "c")
    assert failure is not None
    assert complaint in failure.message
    assert not lab.runtime.has_image(image, lab.sandbox.id, "c")


def test_only_pods_that_run_coroutines_have_loopback_addresses() -> None:
    lab = Lab(polite)
    config = PodSandboxConfig(uid="v", namespace="default", name="q", images=("example/x",))
    other = lab.runtime.run_pod_sandbox(config, lab.now)
    assert other is not None
    assert (lab.sandbox.ip, other.ip) == ("127.128.0.2", "10.128.0.3")
    assert lab.runtime.port_address(lab.sandbox.id, 80) == ("127.128.0.2", 80)
    assert lab.runtime.port_address(other.id, 80) is None


def test_a_power_failure_ends_the_coroutines_of_a_machine() -> None:
    lab = Lab(careless).start()
    lab.runtime.power_off()
    lab.sim.run(0.1)
    assert lab.log() == ["cleaned up"]


async def is_well(container: ContainerContext, service: str) -> bool:
    if service == "broken":
        raise LookupError("no such service")
    return service != "db" and container.env["A"] == "b"


def asked(lab: Lab, probe: Probe) -> ProbeResult:
    answer = lab.runtime.probe(lab.id, "Readiness", probe, lab.now)
    lab.sim.run(0.1)
    answer = answer or lab.runtime.probe(lab.id, "Readiness", probe, lab.now)
    assert answer is not None
    return answer


def test_a_function_of_the_image_answers_grpc_probes_by_service_name() -> None:
    lab = Lab(Program(polite, health=is_well)).start()
    answers = [asked(lab, Probe(grpc=GRPCAction(port=9000, service=one))) for one in (None, "db", "broken")]
    assert answers == [
        ProbeResult(success=True),
        ProbeResult(success=False, output='service unhealthy (responded with "NOT_SERVING")'),
        ProbeResult(success=False, output="error: health rpc failed: no such service"),
    ]
