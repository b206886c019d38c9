"""Simulated containers with declared behavior."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.api.core.v1 import Container, Probe, ResourceRequirements
from kubeactors.kubelet.runtimes import (
    Behaviour,
    ContainerConfig,
    ContainerState,
    PodSandboxConfig,
    PullFailure,
    RuntimeContainer,
    SimulatedRuntime,
)
from kubeactors.kubelet.runtimes.behaviour import BehaviourError, behaviour_of, read_behaviour, warnings_of
from kubeactors.kubelet.runtimes.curves import Curve, CurveError, parse_curve

SECOND = 1_000_000_000
START = 1_767_225_600 * SECOND
QUICK = Behaviour(start_seconds=0.0)


class Lone:
    """One container, started at `START`."""

    def __init__(self, attempt: int = 0, limits: dict[str, str] | None = None, **annotations: str) -> None:
        declared = {f"simulated.kubeactors.io/{name.replace('_', '-')}": text for name, text in annotations.items()}
        self.runtime = SimulatedRuntime("10.0.0.0/24", QUICK, {"shop/web": Behaviour(start_seconds=7.0)})
        config = PodSandboxConfig(uid="u", namespace="default", name="p", annotations=declared)
        sandbox = self.runtime.run_pod_sandbox(config, START)
        assert sandbox is not None
        self.sandbox = sandbox
        container = Container(name="c", image="example/x", resources=ResourceRequirements(limits=limits or {}))
        self.id = self.runtime.create_container(
            sandbox.id, ContainerConfig(container=container, attempt=attempt), START
        )
        self.runtime.start_container(self.id, START)

    def at(self, seconds: float) -> RuntimeContainer:
        return self.runtime.container_status(self.id, START + int(seconds * SECOND))

    def answers(self, kind: str, *seconds: float) -> list[bool]:
        found = [self.runtime.probe(self.id, kind, Probe(), START + int(one * SECOND)) for one in seconds]
        return [one.success for one in found if one is not None]


def test_an_annotation_declares_how_long_a_container_runs_and_its_exit_code() -> None:
    lone = Lone(start_seconds="1", run_seconds="2.5", exit_code="4")
    states = [lone.at(seconds).state for seconds in (0, 1, 3.4, 3.5)]
    assert states == [ContainerState.CREATED, ContainerState.RUNNING, ContainerState.RUNNING, ContainerState.EXITED]
    assert (lone.at(4).exit_code, lone.at(4).finished_at) == (4, START + 3_500_000_000)


def test_only_the_declared_number_of_starts_crash() -> None:
    def ends(attempt: int) -> bool:
        return Lone(attempt, run_seconds="1", exit_code="1", crashes="2").at(1e6).state is ContainerState.EXITED

    assert [ends(attempt) for attempt in range(4)] == [True, True, False, False]


def test_a_container_that_exceeds_its_memory_limit_is_oom_killed() -> None:
    killed = Lone(limits={"memory": "128Mi"}, memory="64Mi 10:128Mi 20:129Mi").at(25)
    assert (killed.exit_code, killed.reason, killed.finished_at) == (137, "OOMKilled", START + 20 * SECOND)


def test_usage_of_a_container_follows_its_declared_curves() -> None:
    lone = Lone(cpu="100m 10:1", memory="1Mi 5:2Mi")
    seen = [lone.runtime.container_stats(lone.id, START + seconds * SECOND) for seconds in (4, 12)]
    assert [(one.cpu_nano_cores, one.memory_bytes) for one in seen] == [(100_000_000, 1 << 20), (SECOND, 2 << 20)]
    assert [one.cpu_nano_seconds for one in seen] == [400_000_000, 3 * SECOND]


def test_probes_succeed_and_fail_as_declared() -> None:
    lone = Lone(readiness="fail 10:ok 20:fail 30:ok", liveness="ok 40:fail")
    assert lone.answers("Readiness", 0, 10, 20, 29, 30) == [False, True, False, False, True]
    assert lone.answers("Liveness", 39, 40) == [True, False]
    steady = lone.runtime.probe(lone.id, "Readiness", Probe(), START + 30 * SECOND)
    assert steady is not None
    assert steady.steady


def test_a_container_logs_its_declared_line_at_intervals() -> None:
    lone = Lone(log="tick", log_seconds="10", run_seconds="25")
    page = lone.runtime.container_log(lone.id, START + 100 * SECOND)
    ticks = [(one.time - START) // SECOND for one in page.lines if one.text == "tick"]
    assert ticks == [0, 10, 20]


def test_an_image_pull_fails_with_the_declared_reason() -> None:
    lone = Lone(pull_error="manifest unknown")
    assert not lone.runtime.has_image("example/x", lone.sandbox.id, "c")
    assert lone.runtime.pull_image("example/x", lone.sandbox.id, "c") == PullFailure("manifest unknown")


def test_behavior_of_an_image_applies_to_all_its_tags() -> None:
    lone = Lone()
    config = ContainerConfig(container=Container(name="d", image="shop/web:3"), attempt=0)
    id_ = lone.runtime.create_container(lone.sandbox.id, config, START)
    lone.runtime.start_container(id_, START)
    assert lone.runtime.next_change(lone.sandbox.id, START) == START + 7 * SECOND


def test_declarations_for_one_container_take_precedence_over_those_for_the_pod() -> None:
    declared = {
        "simulated.kubeactors.io/run-seconds": "1",
        "simulated.kubeactors.io/exit-code": "2",
        "web.simulated.kubeactors.io/run-seconds": "9",
        "other.io/run-seconds": "5",
    }
    found = behaviour_of("web", declared, QUICK)
    assert (found.run_seconds, found.exit_code) == (9.0, 2)
    assert behaviour_of("db", declared, QUICK).run_seconds == 1.0


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("run-seconds", "soon", "could not convert"),
        ("run-seconds", "-1", "seconds are a number from 0"),
        ("run-seconds", "nan", "seconds are a number from 0"),
        ("exit-code", "256", "an exit code is a number from 0 to 255"),
        ("crashes", "-2", "a count is a number from 0"),
        ("cpu", "much", "quantities must match"),
        ("memory", "5:1Mi", "must begin at 0"),
        ("readiness", "ok 5:maybe", "an answer is ok or fail"),
        ("readiness", "", "must begin at 0"),
        ("speed", "1", "no property"),
    ],
)
def test_an_invalid_property_is_reported_and_ignored(name: str, text: str, complaint: str) -> None:
    with pytest.raises(BehaviourError, match=complaint):
        read_behaviour({name: text}, QUICK)
    annotations = {f"simulated.kubeactors.io/{name}": text}
    assert behaviour_of("c", annotations, QUICK) == QUICK
    assert complaint in warnings_of(annotations, QUICK)[0]


@given(st.text(max_size=30))
def test_any_text_parses_as_a_curve_or_is_rejected(text: str) -> None:
    try:
        curve = parse_curve(text, int)
    except CurveError:
        return
    assert curve.steps[0][0] == 0
    assert curve.at(10**30) == curve.steps[-1][1]


def test_a_curve_has_each_value_from_its_time_on() -> None:
    curve = Curve(((0, "a"), (5, "b"), (9, "c")))
    assert [curve.at(time) for time in (0, 4, 5, 8, 9, 100)] == ["a", "a", "b", "b", "c", "c"]
    assert [curve.is_last(time) for time in (0, 8, 9)] == [False, False, True]
