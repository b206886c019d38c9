"""RuntimeClasses of pods, and IngressClasses."""

import pytest

from kubeactors.api.core.v1 import Container, Pod, PodSpec
from kubeactors.api.core.v1.affinity import Toleration
from kubeactors.api.networking.v1.ingress import (
    Ingress,
    IngressBackend,
    IngressServiceBackend,
    IngressSpec,
    ServiceBackendPort,
)
from kubeactors.api.networking.v1.ingressclass import IngressClass, IngressClassSpec
from kubeactors.api.node.v1.runtimeclass import Overhead, RuntimeClass, Scheduling
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.status import Status
from tests.apiserver.plane import Plane

DEFAULT = {"ingressclass.kubernetes.io/is-default-class": "true"}
BACKEND = IngressBackend(service=IngressServiceBackend(name="web", port=ServiceBackendPort(number=80)))
TOLERATION = Toleration(key="sandbox", operator="Exists")


def sandbox(overhead: dict[str, str] | None = None, selector: dict[str, str] | None = None) -> RuntimeClass:
    return RuntimeClass(
        metadata=ObjectMeta(name="sandbox"),
        handler="sandbox",
        overhead=None if overhead is None else Overhead(pod_fixed=overhead),
        scheduling=None if selector is None else Scheduling(node_selector=selector, tolerations=(TOLERATION,)),
    )


def pod(**spec: object) -> Pod:
    given = PodSpec(containers=(Container(name="c", image="nginx"),), **spec)  # type: ignore[arg-type]
    return Pod(metadata=ObjectMeta(name="a", namespace="default"), spec=given)


def refusal(reply: object) -> str:
    assert isinstance(reply, Status), reply
    return reply.message


def test_a_pod_gets_the_overhead_and_scheduling_of_its_class() -> None:
    plane = Plane().with_account()
    plane.create(sandbox({"cpu": "250m"}, {"sandbox": "yes"}))
    made = plane.create(pod(runtime_class_name="sandbox", node_selector={"disk": "ssd"})).spec
    assert made.overhead == {"cpu": "250m"}
    assert made.node_selector == {"disk": "ssd", "sandbox": "yes"}
    assert TOLERATION in made.tolerations


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            {"runtime_class_name": "nosuch"},
            'pod rejected: RuntimeClass "nosuch" not found',
        ),
        (
            {"runtime_class_name": "sandbox", "overhead": {"cpu": "1"}},
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        ),
        (
            {"overhead": {"cpu": "250m"}},
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        ),
        (
            {"runtime_class_name": "sandbox", "node_selector": {"sandbox": "no"}},
            "conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no",
        ),
    ],
)
def test_a_pod_that_conflicts_with_its_class_is_rejected(given: dict[str, object], why: str) -> None:
    plane = Plane().with_account()
    plane.create(sandbox({"cpu": "250m"}, {"sandbox": "yes"}))
    assert refusal(plane.try_create(pod(**given))) == f'pods "a" is forbidden: {why}'


def test_an_equal_overhead_in_other_units_is_accepted() -> None:
    plane = Plane().with_account()
    plane.create(sandbox({"cpu": "250m"}))
    assert plane.create(pod(runtime_class_name="sandbox", overhead={"cpu": "0.25"})).spec.overhead == {"cpu": "250m"}


def ingress(name: str, **spec: object) -> Ingress:
    given = IngressSpec(default_backend=BACKEND, **spec)  # type: ignore[arg-type]
    return Ingress(metadata=ObjectMeta(name=name, namespace="default"), spec=given)


def test_an_ingress_without_class_gets_the_default_one() -> None:
    plane = Plane()
    assert plane.create(ingress("early")).spec.ingress_class_name is None
    spec = IngressClassSpec(controller="example.com/ingress")
    plane.create(IngressClass(metadata=ObjectMeta(name="other"), spec=spec))
    plane.create(IngressClass(metadata=ObjectMeta(name="usual", annotations=DEFAULT), spec=spec))
    assert plane.create(ingress("usual")).spec.ingress_class_name == "usual"
    assert plane.create(ingress("chosen", ingress_class_name="other")).spec.ingress_class_name == "other"
