"""`observedGeneration` is compared with its former value and with the generation."""

import pytest

from kubeactors.api.apps.v1 import Deployment, DeploymentStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim.invariants.observed_generation import changed


def having_seen(generation: int) -> Deployment:
    return Deployment(metadata=ObjectMeta(generation=3), status=DeploymentStatus(observed_generation=generation))


@pytest.mark.parametrize(("before", "after", "problems"), [(2, 3, 0), (3, 3, 0), (3, 2, 1), (3, 4, 1), (4, 4, 0)])
def test_an_observed_generation_in_the_future_or_older_than_before_is_a_violation(
    before: int, after: int, problems: int
) -> None:
    assert len(list(changed(having_seen(before), having_seen(after)))) == problems
