"""The health checks of a server: its store, its cache, and the steps of its start."""

from kubeactors.apiserver.health import HEALTHZ, READYZ, CheckServer, Step, looking_at, problems
from tests.apiserver.plane import Plane


def test_a_server_reports_the_completed_steps_of_its_start() -> None:
    plane = Plane()
    check = plane.sim.ask(plane.server, CheckServer())
    assert (check.store, check.is_current, check.steps) == ("", False, 0)
    assert {"informer-sync", "poststarthook/rbac/bootstrap-roles"} <= set(problems(check))
    plane.sim.settle()
    check = plane.sim.ask(plane.server, CheckServer())
    assert (check.store, check.is_current, check.steps) == ("", True, len(Step))
    assert problems(check) == {}


def test_a_lost_store_fails_the_etcd_checks() -> None:
    plane = Plane()
    plane.sim.settle()
    _ = plane.sim.stop(plane.store)
    plane.sim.settle()
    wrong = plane.sim.play(_looked(plane))
    assert wrong["etcd"].startswith("error getting data from etcd: ")
    assert set(wrong) <= {"etcd", "etcd-readiness", "informer-sync"}


def test_all_checks_of_a_silent_server_fail() -> None:
    plane = Plane()
    _ = plane.sim.stop(plane.server)
    well = {"ping", "log", "loopback-serving-certificate", "shutdown"}
    assert set(plane.sim.play(_looked(plane))) == {*HEALTHZ, *READYZ} - well


async def _looked(plane: Plane) -> dict[str, str]:
    return dict(await looking_at(plane.server)())
