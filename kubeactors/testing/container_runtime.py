"""The contract suite for container runtimes: derive a test class from `ContainerRuntimeContract` and run it with pytest.

class TestMyRuntime(ContainerRuntimeContract):
    def lab(self) -> RuntimeLab:
        return MyLab()
"""

from typing import Protocol

from kubeactors.api.core.v1 import Container, Probe
from kubeactors.api.core.v1.probe import ExecAction
from kubeactors.kubelet.runtimes import (
    ContainerChanged,
    ContainerConfig,
    ContainerRuntime,
    ContainerState,
    ExecConfig,
    PodSandbox,
    PodSandboxConfig,
    ProbeResult,
    Question,
    RuntimeContainer,
)
from kubeactors.kubelet.runtimes.streams import Ended, HungUp, Output, Stdin, StdinClosed, Stdout
from kubeactors.testing.heard import Heard

SECOND = 1_000_000_000
NOW = 1_767_225_600 * SECOND


class RuntimeLab(Protocol):
    """The runtime under test, its clock, and images that it can run."""

    @property
    def runtime(self) -> ContainerRuntime:
        """The runtime. It has addresses for at least 10 and fewer than 500 pods."""
        ...

    @property
    def serving(self) -> str:
        """An image that runs until it is stopped, writes at least one line, and stops when it is asked to."""
        ...

    @property
    def failing(self) -> str:
        """An image that ends by itself with code 3."""
        ...

    def now(self) -> int:
        """The current time in nanoseconds since 1970."""
        ...

    def run(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class _Kubelet:
    """A minimal kubelet: looks at a sandbox only when the runtime tells it to, or has announced a change."""

    def __init__(self, lab: RuntimeLab) -> None:
        self.lab = lab
        self.told: Heard[ContainerChanged | Question] = Heard()
        lab.runtime.subscribe(self.told)
        self._made = 0

    def sandbox(self, *images: str, host_network: bool = False) -> PodSandbox:
        self._made += 1
        name = f"p{self._made}"
        config = PodSandboxConfig(
            uid=f"uid-{name}", namespace="default", name=name, images=images, host_network=host_network
        )
        found = self.lab.runtime.run_pod_sandbox(config, self.lab.now())
        assert found is not None
        return found

    def start(self, sandbox: PodSandbox, image: str, name: str = "c", attempt: int = 0) -> str:
        lab = self.lab
        assert lab.runtime.pull_image(image, sandbox.id, name) is None
        config = ContainerConfig(container=Container(name=name, image=image), attempt=attempt)
        id_ = lab.runtime.create_container(sandbox.id, config, lab.now())
        assert lab.runtime.container_status(id_, lab.now()).state is ContainerState.CREATED
        lab.runtime.start_container(id_, lab.now())
        return id_

    def until(self, id_: str, sandbox: PodSandbox, state: ContainerState, seconds: float = 60.0) -> RuntimeContainer:
        """Look as a kubelet does until the container is in `state`; fails after `seconds`."""
        lab, runtime = self.lab, self.lab.runtime
        end = lab.now() + int(seconds * SECOND)
        seen = runtime.container_status(id_, lab.now())
        while seen.state is not state and lab.now() < end:
            self.told.clear()
            due = runtime.next_change(sandbox.id, lab.now())
            while not self.told and lab.now() < (end if due is None else min(due, end)):
                lab.run(0.05)
            seen = runtime.container_status(id_, lab.now())
        assert seen.state is state
        return seen

    def running(self, image: str) -> tuple[PodSandbox, str]:
        sandbox = self.sandbox(image)
        id_ = self.start(sandbox, image)
        self.until(id_, sandbox, ContainerState.RUNNING)
        return sandbox, id_

    def outcome(self, output: Heard[Output]) -> list[Output]:
        """The whole output of a command, once it has ended."""
        for _ in range(1000):
            if output.messages and isinstance(output.messages[-1], Ended):
                return output.messages
            self._wait(0.05)
        raise AssertionError(f"the command has not ended: {output.messages}")

    def _wait(self, seconds: float) -> None:
        """Let `seconds` pass, and look if a change was due or announced."""
        lab, runtime = self.lab, self.lab.runtime
        sandboxes = runtime.list_pod_sandboxes()
        due = [runtime.next_change(one.id, lab.now()) for one in sandboxes]
        lab.run(seconds)
        if self.told.messages or any(one is not None and one <= lab.now() for one in due):
            self.told.clear()
            for one in sandboxes:
                runtime.list_containers(one.id, lab.now())


class ContainerRuntimeContract:
    """The promises that a kubelet relies on. Each test makes a lab of its own."""

    def lab(self) -> RuntimeLab:
        """A new lab, whose runtime runs nothing yet."""
        raise NotImplementedError

    def test_each_sandbox_has_an_address_of_its_own(self) -> None:
        kubelet = _Kubelet(self.lab())
        made = [kubelet.sandbox(kubelet.lab.serving) for _ in range(10)]
        assert len({one.ip for one in made}) == len({one.id for one in made}) == 10
        assert all(one.ip and one.ready for one in made)
        assert kubelet.lab.runtime.list_pod_sandboxes() == tuple(made)

    def test_a_sandbox_in_the_network_of_the_node_has_no_address(self) -> None:
        assert _Kubelet(self.lab()).sandbox("x", host_network=True).ip == ""

    def test_an_address_is_released_once_when_its_sandbox_stops(self) -> None:
        kubelet = _Kubelet(self.lab())
        runtime, now = kubelet.lab.runtime, kubelet.lab.now()
        made = [kubelet.sandbox(kubelet.lab.serving)]
        config = made[0].config
        while (one := runtime.run_pod_sandbox(config, now)) is not None:
            made.append(one)
        runtime.stop_pod_sandbox(made[3].id, now)
        runtime.stop_pod_sandbox(made[3].id, now)
        again = runtime.run_pod_sandbox(config, now)
        assert again is not None
        assert again.ip == made[3].ip
        assert runtime.run_pod_sandbox(config, now) is None

    def test_a_container_is_created_then_runs_then_has_ended(self) -> None:
        kubelet = _Kubelet(self.lab())
        sandbox = kubelet.sandbox(kubelet.lab.failing)
        id_ = kubelet.start(sandbox, kubelet.lab.failing)
        ended = kubelet.until(id_, sandbox, ContainerState.EXITED)
        assert (ended.name, ended.attempt, ended.image) == ("c", 0, kubelet.lab.failing)
        assert (ended.exit_code, ended.reason) == (3, "Error")
        assert ended.created_at <= ended.started_at <= ended.finished_at <= kubelet.lab.now()
        assert ended.image_id

    def test_a_kubelet_that_looks_only_when_it_is_told_sees_every_change(self) -> None:
        kubelet = _Kubelet(self.lab())
        sandbox, id_ = kubelet.running(kubelet.lab.serving)
        kubelet.lab.runtime.stop_container(id_, 30.0, kubelet.lab.now())
        kubelet.until(id_, sandbox, ContainerState.EXITED, seconds=31.0)

    def test_a_container_that_is_stopped_ends_within_its_grace_period_and_stays_as_it_ended(self) -> None:
        kubelet = _Kubelet(self.lab())
        runtime, lab = kubelet.lab.runtime, kubelet.lab
        sandbox, id_ = kubelet.running(lab.serving)
        asked = lab.now()
        runtime.stop_container(id_, 5.0, asked)
        ended = kubelet.until(id_, sandbox, ContainerState.EXITED, seconds=6.0)
        assert asked <= ended.finished_at <= asked + 5 * SECOND
        lab.run(1.0)
        runtime.stop_container(id_, 0.0, lab.now())
        runtime.stop_pod_sandbox(sandbox.id, lab.now())
        assert runtime.container_status(id_, lab.now()) == ended

    def test_a_container_without_a_grace_period_has_ended_at_once(self) -> None:
        kubelet = _Kubelet(self.lab())
        _, id_ = kubelet.running(kubelet.lab.serving)
        kubelet.lab.runtime.stop_container(id_, 0.0, kubelet.lab.now())
        kubelet.lab.run(0.1)
        assert kubelet.lab.runtime.container_status(id_, kubelet.lab.now()).state is ContainerState.EXITED

    def test_nothing_runs_in_a_sandbox_that_is_stopped(self) -> None:
        kubelet = _Kubelet(self.lab())
        sandbox, id_ = kubelet.running(kubelet.lab.serving)
        now = kubelet.lab.now()
        kubelet.lab.runtime.stop_pod_sandbox(sandbox.id, now)
        ended = kubelet.lab.runtime.container_status(id_, now)
        assert (ended.state, ended.exit_code, ended.finished_at) == (ContainerState.EXITED, 137, now)
        assert [one.ready for one in kubelet.lab.runtime.list_pod_sandboxes()] == [False]

    def test_the_starts_of_a_container_are_known_apart_until_they_are_removed(self) -> None:
        kubelet = _Kubelet(self.lab())
        runtime, lab = kubelet.lab.runtime, kubelet.lab
        sandbox = kubelet.sandbox(lab.failing)
        first = kubelet.start(sandbox, lab.failing)
        kubelet.until(first, sandbox, ContainerState.EXITED)
        second = kubelet.start(sandbox, lab.failing, attempt=1)
        assert [(one.id, one.attempt) for one in runtime.list_containers(sandbox.id, lab.now())] == [
            (first, 0),
            (second, 1),
        ]
        runtime.remove_container(first)
        assert [one.id for one in runtime.list_containers(sandbox.id, lab.now())] == [second]
        runtime.stop_pod_sandbox(sandbox.id, lab.now())
        runtime.remove_pod_sandbox(sandbox.id)
        assert runtime.list_pod_sandboxes() == ()

    def test_a_log_can_be_read_on_from_where_one_was(self) -> None:
        kubelet = _Kubelet(self.lab())
        lab = kubelet.lab
        _, id_ = kubelet.running(lab.serving)
        lab.run(1.0)
        page = lab.runtime.container_log(id_, lab.now())
        assert page.lines
        assert page.total == len(page.lines)
        assert all(one.time <= lab.now() for one in page.lines)
        rest = lab.runtime.container_log(id_, lab.now(), page.total - 1)
        assert (tuple(rest.lines), rest.total) == ((page.lines[-1],), page.total)

    def test_a_probe_is_answered_at_once_or_the_kubelet_is_told_when_to_ask_again(self) -> None:
        kubelet = _Kubelet(self.lab())
        lab = kubelet.lab
        _, id_ = kubelet.running(lab.serving)
        probe = Probe(exec=ExecAction(command=("true",)), timeout_seconds=1)
        kubelet.told.clear()
        answer: ProbeResult | None = lab.runtime.probe(id_, "Readiness", probe, lab.now())
        if answer is None:
            while not kubelet.told:
                lab.run(0.05)
            answer = lab.runtime.probe(id_, "Readiness", probe, lab.now())
        assert answer is not None
        assert answer.success

    def test_a_command_writes_and_ends_with_its_code(self) -> None:
        kubelet = _Kubelet(self.lab())
        lab = kubelet.lab
        _, id_ = kubelet.running(lab.serving)
        output: Heard[Output] = Heard()
        lab.runtime.exec(id_, ExecConfig(command=("sh", "-c", "echo one; exit 4")), output, lab.now())
        assert kubelet.outcome(output) == [Stdout(b"one\n"), Ended(4)]

    def test_a_command_reads_what_is_typed_to_its_end(self) -> None:
        kubelet = _Kubelet(self.lab())
        lab = kubelet.lab
        _, id_ = kubelet.running(lab.serving)
        output: Heard[Output] = Heard()
        typed = lab.runtime.exec(id_, ExecConfig(command=("cat",)), output, lab.now())
        typed.tell(Stdin(b"hel"))
        typed.tell(Stdin(b"lo\n"))
        typed.tell(StdinClosed())
        said = kubelet.outcome(output)
        assert b"".join(one.data for one in said if isinstance(one, Stdout)) == b"hello\n"
        assert said[-1] == Ended(0)

    def test_a_command_that_is_not_there_says_so(self) -> None:
        kubelet = _Kubelet(self.lab())
        lab = kubelet.lab
        _, id_ = kubelet.running(lab.serving)
        output: Heard[Output] = Heard()
        lab.runtime.exec(id_, ExecConfig(command=("no-such-thing",)), output, lab.now())
        last = kubelet.outcome(output)[-1]
        assert isinstance(last, Ended)
        assert last.exit_code
        assert 'exec: "no-such-thing": executable file not found in $PATH' in last.failure

    def test_a_command_ends_when_nobody_listens_any_more(self) -> None:
        kubelet = _Kubelet(self.lab())
        lab = kubelet.lab
        _, id_ = kubelet.running(lab.serving)
        output: Heard[Output] = Heard()
        lab.runtime.exec(id_, ExecConfig(command=("sh",), tty=True), output, lab.now()).tell(HungUp())
        assert isinstance(kubelet.outcome(output)[-1], Ended)

    def test_nothing_is_taken_by_what_does_not_run(self) -> None:
        kubelet = _Kubelet(self.lab())
        lab = kubelet.lab
        sandbox, id_ = kubelet.running(lab.serving)
        taken = lab.runtime.container_stats(id_, lab.now())
        assert min(taken.cpu_nano_cores, taken.cpu_nano_seconds, taken.memory_bytes) >= 0
        lab.runtime.stop_pod_sandbox(sandbox.id, lab.now())
        taken = lab.runtime.container_stats(id_, lab.now())
        assert (taken.cpu_nano_cores, taken.memory_bytes) == (0, 0)
