"""The promise of the whole: under random failures the control plane converges, and keeps its bounds meanwhile."""

from hypothesis import HealthCheck, given, settings

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.grammar import generate
from kubeactors.sim.invariants import ALL, CONVERGES, QUIESCES
from kubeactors.sim.plan import encode
from kubeactors.sim.strategies import plans

EXAMPLES = 100


@given(plan=plans())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example),
)
def test_reconcilers_converge_to_the_desired_replicas_and_never_exceed_their_surge_under_random_failures(
    plan: Plan,
) -> None:
    outcome = Simulation(plan).run()
    assert outcome.violations == (), f"kubeactors replay a file with these lines:\n{encode(plan)}"


def test_what_is_promised_is_judged() -> None:
    judged = {one.name for one in ALL} | {CONVERGES, QUIESCES}
    assert {"cluster-converges", "cluster-quiesces", "surge-bound", "availability-bound"} <= judged


def test_faults_really_fire() -> None:
    fired: dict[str, int] = {}
    for seed in range(12):
        for kind, count in Simulation(generate(seed)).run().faults.items():
            fired[kind] = fired.get(kind, 0) + count
    assert sum(count > 0 for count in fired.values()) >= 5, fired
