"""How long after outages a component may still be out of date."""

import pytest

from kubeactors.actor.supervision import SECOND
from kubeactors.sim.chaos.faults import AnyFault, ControllerCrash, SlowReplies, WatchLag
from kubeactors.sim.chaos.targets import harm
from kubeactors.sim.disturbances import LONG_AGO, Disturbances


@pytest.mark.parametrize(
    ("outages", "reconnected"),
    [
        ((), LONG_AGO),
        ((("node-1", 10, 10),), 40),
        ((("node-1", 0, 20),), 60),
        ((("node-1", 0, 90),), 150),
        ((("node-2", 0, 90),), LONG_AGO),
        ((("store", 0, 90),), 150),
        ((("node-1", 0, 10), ("node-1", 20, 25)), 75),
        ((("node-1", 0, 10), ("node-1", 50, 51)), 81),
        ((("node-1", 0, 10), ("apiserver", 20, 25)), 75),
        ((("node-1", 50, 51), ("apiserver", 0, 10)), 81),
    ],
)
def test_a_component_backs_off_longer_after_a_longer_outage(
    outages: tuple[tuple[str, int, int], ...], reconnected: int
) -> None:
    found = Disturbances({})
    for component, since, until in outages:
        found.affect(component, until * SECOND, since=since * SECOND)
    assert found.reconnected_by("node-1") == (reconnected if reconnected == LONG_AGO else reconnected * SECOND)


@pytest.mark.parametrize(
    ("fault", "reconnected", "prompt"),
    [
        (ControllerCrash(at=10, controller="podgc", writes=1, process=False), 40, 40),
        (WatchLag(at=0, seconds=10, component="controller-manager", resource="pods"), 15, 15),
        (SlowReplies(at=0, seconds=10, component="controller-manager", resource="", delay_seconds=3.0), 15, 15),
        (SlowReplies(at=0, seconds=10, component="controller-manager", resource="", delay_seconds=0.6), 15, LONG_AGO),
    ],
)
def test_only_after_lost_connections_a_component_backs_off(fault: AnyFault, reconnected: int, prompt: int) -> None:
    found = Disturbances({})
    found.affect("controller-manager", int(fault.heals_at * SECOND), since=int(fault.at * SECOND), harm=harm(fault))
    assert found.reconnected_by("controller-manager") == reconnected * SECOND
    assert found.prompt_from("controller-manager") == (prompt if prompt == LONG_AGO else prompt * SECOND)
