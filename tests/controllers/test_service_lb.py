"""Services of type LoadBalancer get addresses of a pool."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Service, ServicePort, ServiceSpec
from kubeactors.controllers.service_lb import CLEANUP
from tests.controllers.plane import DEFAULT, Plane, meta

POOL = replace(DEFAULT, load_balancer_pool="203.0.113.0/29")
"""Five addresses, from .2 to .6."""


def service(name: str = "web", **spec: object) -> Service:
    given: dict[str, object] = {"type": "LoadBalancer", "ports": (ServicePort(port=80),)} | spec
    return Service(metadata=meta(name), spec=ServiceSpec(**given))  # type: ignore[arg-type]


def address(plane: Plane, name: str = "web") -> str:
    ingress = plane.get(Service, name).status.load_balancer.ingress
    return ingress[0].ip if ingress else ""


def test_a_service_gets_an_address_and_an_event_says_so() -> None:
    plane = Plane(config=POOL)
    plane.create(service())
    plane.tick()
    found = plane.get(Service, "web")
    assert (address(plane), found.metadata.finalizers) == ("203.0.113.2", (CLEANUP,))
    assert plane.events("web") == [
        ("EnsuringLoadBalancer", "Ensuring load balancer"),
        ("EnsuredLoadBalancer", "Ensured load balancer"),
    ]


def test_a_service_that_is_deleted_or_changes_its_type_releases_its_address() -> None:
    plane = Plane(config=POOL)
    for number in range(5):
        plane.create(service(f"web-{number}"))
    plane.tick()
    assert sorted(address(plane, f"web-{number}") for number in range(5)) == [f"203.0.113.{one}" for one in range(2, 7)]
    freed = [address(plane, "web-0"), address(plane, "web-1")]
    plane.delete(service("web-0"))
    plane.change(service("web-1"), lambda live: replace(live, spec=replace(live.spec, type="ClusterIP")))
    plane.tick()
    assert plane.find(Service, "web-0") is None
    assert (address(plane, "web-1"), plane.get(Service, "web-1").metadata.finalizers) == ("", ())
    for name in ("a", "b"):
        plane.create(service(name))
    plane.tick()
    assert sorted([address(plane, "a"), address(plane, "b")]) == sorted(freed)


def test_a_service_reports_an_exhausted_pool_and_waits() -> None:
    plane = Plane(config=POOL)
    for number in range(6):
        plane.create(service(f"web-{number}"))
    plane.tick()
    (late,) = [f"web-{number}" for number in range(6) if not address(plane, f"web-{number}")]
    assert [reason for reason, _ in plane.events(late)] == ["SyncLoadBalancerFailed"]
    early = next(f"web-{number}" for number in range(6) if f"web-{number}" != late)
    freed = address(plane, early)
    plane.delete(service(early))
    plane.until(lambda: address(plane, late) == freed, seconds=120)


def test_a_service_of_another_class_and_a_cluster_without_a_pool_are_left_alone() -> None:
    plane = Plane(config=POOL)
    plane.create(service(load_balancer_class="example.com/other"))
    bare = Plane()
    bare.create(service())
    for one in (plane, bare):
        one.tick(3)
        assert (address(one), one.events("web")) == ("", [])
