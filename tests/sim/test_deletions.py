"""The invariant of propagation policies finds mistakes in finalizers, and allows deletions that have no effect."""

import pytest

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.invariants.apiserver.deletions import DeletionsKeepTheirPolicy
from kubeactors.sim.workload import CreateDeployment, CreatePod, DeleteDeployment, Propagation, SendRequest
from tests.quality.automatic.mutants import in_force, named

POLICIES: tuple[Propagation, ...] = ("Background", "Foreground", "Orphan")


def deleted(propagation: Propagation) -> Plan:
    """A deployment is created and deleted."""
    web = CreateDeployment(at=0.0, name="web", replicas=2)
    return Plan(steps=(web, DeleteDeployment(at=5.0, name="web", propagation=propagation)))


@pytest.mark.parametrize("number", [0, 1])
def test_a_finalizer_that_does_not_express_the_policy_is_found(number: int) -> None:
    with in_force(named(f"apiserver.registry.deletion:with_finalizers:negate_condition:{number}")):
        outcomes = [Simulation(deleted(one), (DeletionsKeepTheirPolicy,)).run() for one in POLICIES]
    found = {one.violations[0].invariant for one in outcomes if one.violations}
    assert DeletionsKeepTheirPolicy.name in found


@pytest.mark.parametrize("propagation", POLICIES)
def test_each_policy_is_kept(propagation: Propagation) -> None:
    assert Simulation(deleted(propagation)).run().violations == ()


def test_a_second_deletion_of_a_pod_does_not_change_its_policy() -> None:
    """As in Kubernetes: while a pod terminates gracefully, its finalizers stay."""
    pod = CreatePod(at=0.0, name="web", pod="web-extra-1")
    gone = (
        SendRequest(
            at=5.0,
            verb="delete",
            api_version="v1",
            resource="pods",
            namespace="default",
            name="web-extra-1",
            body={"propagationPolicy": policy},
        )
        for policy in ("Foreground", "Background", "Orphan")
    )
    assert Simulation(Plan(steps=(pod, *gone))).run().violations == ()
