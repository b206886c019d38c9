"""Kubelets' use of probe results is judged by the results that containers give."""

import pytest

from kubeactors.kubelet.runtimes.curves import Curve
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos.faults import FailingProbes
from kubeactors.sim.grammar import Seeded
from kubeactors.sim.grammar.probing import probed
from kubeactors.sim.invariants.probes import spans
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import CreateDeployment, Probing, Scale
from tests.quality.automatic.mutants import in_force, named


def web(probing: Probing | None) -> CreateDeployment:
    """A deployment with a pod on each node."""
    return CreateDeployment(at=0.0, name="web", replicas=4, probes=True, probing=probing)


SLOW = (
    web(
        Probing(
            delay_seconds=3,
            period_seconds=3,
            patience=3,
            successes=2,
            startup="fail 7:ok",
            readiness="ok 16:fail 21:ok",
        )
    ),
)
SICK = (web(Probing(failures=3, failures_to_die=3, readiness="ok 6.1:fail 14.1:ok", liveness="ok 15.1:fail 19:ok")),)
DEAD = (
    FailingProbes(at=0.0, node="node-1", probe="liveness", seconds=13.0, after=4.1),
    web(Probing(failures_to_die=3)),
)

MISTAKES: list[tuple[str, tuple[AnyStep, ...], str]] = [
    ("kubelet.probes:ProbeWorker.take:off_by_one:0", SLOW, "should have been reported as started"),
    (
        "kubelet.probes:ProbeWorker.take:swap_extremes:0",
        SLOW,
        "is reported as ready, but its readiness probe cannot have succeeded 2 times",
    ),
    ("kubelet.prober:run_probes:drop_clause:3", SLOW, "should have been reported as ready"),
    ("kubelet.probes:ProbeWorker.take:off_by_one:1", SICK, "should have been reported as not ready"),
    (
        "kubelet.probes:ProbeWorker.take:swap_extremes:1",
        SICK,
        "is reported as not ready, but its readiness probe cannot have failed 3 times",
    ),
    ("kubelet.probes:ProbeWorker.has_failed:swap_extremes:0", SICK, "cannot have reached their failure threshold"),
    (
        "kubelet.probes:ProbeWorker.has_failed:off_by_one:0",
        DEAD,
        "failed its liveness probe and should have been killed",
    ),
]


@pytest.mark.parametrize(("mutant", "steps", "problem"), MISTAKES)
def test_a_mistake_in_counting_probe_results_is_found(mutant: str, steps: tuple[AnyStep, ...], problem: str) -> None:
    with in_force(named(mutant)):
        outcome = Simulation(Plan(seed=1, steps=steps)).run()
    assert {one.invariant for one in outcome.violations} == {"probes-are-respected"}
    assert problem in outcome.violations[0].message


@pytest.mark.parametrize("steps", [SLOW, SICK, DEAD])
def test_correct_counting_of_probe_results_violates_nothing(steps: tuple[AnyStep, ...]) -> None:
    assert Simulation(Plan(seed=1, steps=steps)).run().violations == ()


def test_only_steps_with_probes_get_other_ones() -> None:
    drawn = [probed(Seeded(seed), web(None)) for seed in range(50)]
    assert {isinstance(one, CreateDeployment) and one.probing is None for one in drawn} == {True, False}
    plain = CreateDeployment(at=0.0, name="web", replicas=1)
    assert [
        probed(Seeded(seed), one) for seed in range(9) for one in (plain, Scale(at=0.0, name="web", replicas=1))
    ] == [
        plain,
        Scale(at=0.0, name="web", replicas=1),
    ] * 9


def test_there_are_no_results_before_the_first_moment_or_after_the_last() -> None:
    assert list(spans(Curve(((0, True), (6, False), (9, True))), 7, 9)) == [(7, 9, False)]
