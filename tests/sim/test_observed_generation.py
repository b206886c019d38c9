"""What components say in statuses is held against what they said before."""

import pytest

from kubeactors.api.apps.v1 import Deployment, DeploymentStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim.invariants.observed_generation import changed


def having_seen(generation: int) -> Deployment:
    return Deployment(metadata=ObjectMeta(generation=3), status=DeploymentStatus(observed_generation=generation))


@pytest.mark.parametrize(("before", "after", "problems"), [(2, 3, 0), (3, 3, 0), (3, 2, 1), (3, 4, 1), (4, 4, 0)])
def test_nobody_says_that_he_has_seen_a_spec_that_is_yet_to_come_or_an_older_one_than_before(
    before: int, after: int, problems: int
) -> None:
    assert len(list(changed(having_seen(before), having_seen(after)))) == problems
