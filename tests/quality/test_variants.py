"""Variants of known replays are reproducible."""

from msgspec.structs import replace

from kubeactors.sim import Plan
from kubeactors.sim.chaos.faults import KubeletRestart
from kubeactors.sim.workload import CreatePod
from tests.quality.variants import Variants

PLAN = Plan(steps=(CreatePod(at=0.0, name="one", pod="one-1"), KubeletRestart(at=3.0, node="node-1")))


def test_a_variant_is_determined_by_its_number() -> None:
    one, other = Variants({"a": PLAN}), Variants({"a": PLAN})
    assert [one.of("a", number) for number in range(20)] == [other.of("a", 19 - number) for number in range(20)][::-1]


def test_a_variant_keeps_the_steps_of_its_plan_in_the_order_of_their_times() -> None:
    variants = Variants({"a": PLAN})
    for number in range(100):
        steps = variants.of("a", number).steps
        whenever = [replace(one, at=0.0) for one in steps]
        assert [one for one in PLAN.steps if replace(one, at=0.0) not in whenever] == []
        assert [one.at for one in steps] == sorted(one.at for one in steps)
