"""Objects without a class: mistakes in the choice of the default class are found."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import cast
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from kubeactors.api import classes
from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.api.storage.v1.storageclass import StorageClass
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apiserver.admission import ingresses
from kubeactors.apiserver.admission.ingresses import DefaultIngressClass
from kubeactors.apiserver.admission.plugin import Attributes
from kubeactors.apiserver.admission.templates import SharedSpecs
from kubeactors.controllers.persistentvolume import controller as volumes
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.workload import (
    AnyAction,
    Chosen,
    CreateDeployment,
    CreateWithoutClass,
    DeleteClass,
    Scale,
    SetDefaultClass,
)


def ran(*steps: AnyAction) -> Simulation:
    """A run of these steps."""
    simulation = Simulation(Plan(seed=1, steps=steps))
    simulation.run()
    return simulation


def indifferent() -> AbstractContextManager[object]:
    """Ingresses get no default class."""

    def admit(_self: DefaultIngressClass, value: TypedObject, _attributes: Attributes) -> TypedObject:
        return value

    return patch.object(DefaultIngressClass, "admit", admit)


def old_fashioned() -> AbstractContextManager[object]:
    """The oldest default class is chosen."""

    def oldest(found: Iterable[TypedObject]) -> str | None:
        ordered = sorted(found, key=lambda one: one.metadata.creation_timestamp or "")
        return ordered[0].metadata.name if ordered else None

    return patch.object(ingresses, "newest_name", oldest)


def insistent() -> AbstractContextManager[object]:
    """A class that is no longer the default is still chosen."""
    return patch.object(classes, "is_default_class", return_value=True)


def forgetful() -> AbstractContextManager[object]:
    """A claim without a class at its creation gets none later."""

    def as_it_is(claim: PersistentVolumeClaim, _classes: Iterable[StorageClass]) -> PersistentVolumeClaim:
        return claim

    return patch.object(volumes, "with_default_class", as_it_is)


def thrifty() -> AbstractContextManager[object]:
    """The first admission of a pod of a template is reused for all its pods."""
    genuine = SharedSpecs.admit

    def admit(self: SharedSpecs, value: TypedObject, attributes: Attributes) -> TypedObject:
        pod = cast("Pod", value)
        made = self._templates.of(pod)
        if made is not None and made.admitted is not None:
            return replace(pod, spec=made.admitted)
        return genuine(self, value, attributes)

    return patch.object(SharedSpecs, "admit", admit)


MUTANTS: list[tuple[Callable[[], AbstractContextManager[object]], tuple[AnyAction, ...]]] = [
    (
        indifferent,
        (SetDefaultClass(at=0.0, of="ingress", number=1), CreateWithoutClass(at=15.0, of="ingress", number=1)),
    ),
    (
        old_fashioned,
        (
            SetDefaultClass(at=0.0, of="ingress", number=1),
            SetDefaultClass(at=5.0, of="ingress", number=2),
            CreateWithoutClass(at=20.0, of="ingress", number=1),
        ),
    ),
    (
        insistent,
        (
            SetDefaultClass(at=0.0, of="claim", number=1),
            SetDefaultClass(at=5.0, of="claim", number=1, default=False),
            CreateWithoutClass(at=20.0, of="claim", number=1),
        ),
    ),
    (forgetful, (CreateWithoutClass(at=0.0, of="claim", number=1), SetDefaultClass(at=5.0, of="claim", number=1))),
    (
        thrifty,
        (
            CreateDeployment(at=0.0, name="web", replicas=1),
            SetDefaultClass(at=5.0, of="pod", number=1),
            Scale(at=20.0, name="web", replicas=2),
        ),
    ),
]


@pytest.mark.parametrize(("mutant", "steps"), MUTANTS, ids=[mutant.__name__ for mutant, _ in MUTANTS])
def test_a_mistake_in_the_choice_of_the_default_class_is_found(
    mutant: Callable[[], AbstractContextManager[object]], steps: tuple[AnyAction, ...]
) -> None:
    assert ran(*steps).judge.violations == []
    with mutant():
        assert {one.invariant for one in ran(*steps).judge.violations} == {"default-classes-are-assigned"}


@pytest.mark.parametrize("of", ["ingress", "claim", "pod"])
def test_changes_of_the_default_class_violate_nothing(of: Chosen) -> None:
    steps: tuple[AnyAction, ...] = (
        SetDefaultClass(at=0.0, of=of, number=1),
        SetDefaultClass(at=15.0, of=of, number=1, default=False),
        SetDefaultClass(at=30.0, of=of, number=2),
        DeleteClass(at=45.0, of=of, number=2),
        *(CreateWithoutClass(at=at, of=of, number=number) for number, at in enumerate((12.0, 27.0, 42.0, 57.0))),
    )
    assert ran(*steps).judge.violations == []
