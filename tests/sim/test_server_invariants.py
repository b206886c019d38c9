"""The server's answers and writes are compared with what the store has committed."""

from typing import Any, cast

import pytest
from msgspec.structs import replace

from kubeactors.actor import Actor, SimSystem
from kubeactors.actor.cell import Cell
from kubeactors.api.apps.v1 import Deployment, DeploymentSpec, DeploymentStatus
from kubeactors.api.apps.v1.defaults import default_deployment
from kubeactors.apimachinery.meta import DeleteOptions, ListMeta, ObjectMeta, Preconditions
from kubeactors.apimachinery.requests import (
    MERGE_PATCH,
    ApiRequest,
    Create,
    Delete,
    Get,
    GroupVersionResource,
    List,
    ListOptions,
    ListResult,
    Patch,
    Result,
    Update,
    Watch,
    WatchStarted,
)
from kubeactors.apimachinery.status import AlreadyExists, Conflict, NotFound, Status, StatusDetails
from kubeactors.sim.invariants import Invariant, ServerInvariant
from kubeactors.sim.invariants.apiserver.objects import (
    DeletionIsIrreversible,
    GenerationCountsSpecChanges,
    ObjectIdentityIsImmutable,
)
from kubeactors.sim.invariants.apiserver.reads import ListsAreConsistent, ReadsAreConsistent
from kubeactors.sim.invariants.apiserver.rejections import RejectionsNameTheObject
from kubeactors.sim.invariants.apiserver.writes import AcknowledgedWritesAreApplied
from kubeactors.sim.network import Served
from kubeactors.sim.world import World
from kubeactors.storage import KeyValue, StoreEvent

RESOURCE = GroupVersionResource("apps", "v1", "deployments")
BORN, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z"
ONE = default_deployment(
    Deployment(
        metadata=ObjectMeta(
            name="a",
            namespace="x",
            uid="u",
            resource_version="5",
            creation_timestamp=BORN,
            generation=1,
            labels={"k": "v"},
        ),
        spec=DeploymentSpec(replicas=1),
    )
)


def meta(value: Deployment, revision: int, **changes: Any) -> Deployment:
    """The object with other metadata, at a revision."""
    return replace(value, metadata=replace(value.metadata, resource_version=str(revision), **changes))


def sized(revision: int, replicas: int, generation: int = 2) -> Deployment:
    """The object with another size, at a revision."""
    return replace(meta(ONE, revision, generation=generation), spec=replace(ONE.spec, replicas=replicas))


class Bench:
    """A world with some states of one object, the first of them before a request arrived."""

    def __init__(self, type_: type[Invariant], *states: Deployment | None) -> None:
        self._sim, self.world = SimSystem(), World()
        self.invariant = type_(self.world, self._sim.kernel.root)
        self.server = cast("Cell", self._sim.spawn(Actor, name="server"))
        self.problems: list[str] = []
        before: Deployment | None = None
        for revision, state in enumerate(states, start=5):
            self._commit(revision, before, state)
            before = state

    def _commit(self, revision: int, before: Deployment | None, state: Deployment | None) -> None:
        if before is None and state is None:
            return
        previous = None if before is None else KeyValue("x/a", before, revision - 1, revision - 1, 1)
        kv = KeyValue("x/a", state, revision, revision, 1)
        commit = self.world.apply(StoreEvent(kv=kv, previous=previous, deleted=state is None))
        self.problems += self.invariant.committed(commit)

    def told(self, request: ApiRequest[object], answer: object, came_at: int = 5) -> list[str]:
        """The violations for this answer."""
        served = Served(self.server, request, came_at, 0)
        return list(cast("ServerInvariant", self.invariant).served(served, answer))


@pytest.mark.parametrize(
    ("type_", "then", "problem"),
    [
        (ObjectIdentityIsImmutable, meta(ONE, 6), ""),
        (ObjectIdentityIsImmutable, meta(ONE, 5), "its resourceVersion is 5"),
        (ObjectIdentityIsImmutable, meta(ONE, 6, uid="w"), "its identity changed"),
        (ObjectIdentityIsImmutable, meta(ONE, 6, creation_timestamp=LATER), "its identity changed"),
        (GenerationCountsSpecChanges, sized(6, 2), ""),
        (GenerationCountsSpecChanges, sized(6, 2, generation=1), "not 2"),
        (GenerationCountsSpecChanges, meta(ONE, 6, generation=2), "not 1"),
        (GenerationCountsSpecChanges, meta(ONE, 6, generation=2, deletion_timestamp=LATER), ""),
        (DeletionIsIrreversible, None, ""),
        (DeletionIsIrreversible, meta(ONE, 6, deletion_timestamp=LATER, finalizers=("f",)), ""),
    ],
)
def test_metadata_changes_only_as_it_may(type_: type[Invariant], then: Deployment | None, problem: str) -> None:
    bench = Bench(type_, ONE, then)
    assert len(bench.problems) == bool(problem)
    assert not problem or problem in bench.problems[0]


@pytest.mark.parametrize(
    ("then", "problem"),
    [
        (meta(ONE, 6, deletion_timestamp=BORN, finalizers=("f",)), ""),
        (meta(ONE, 6, deletion_timestamp=LATER, finalizers=("f",)), f"to {LATER}"),
        (meta(ONE, 6, finalizers=("f",)), "to None"),
        (meta(ONE, 6, deletion_timestamp=BORN, finalizers=("f", "g")), "new finalizers g"),
        (None, ""),
    ],
)
def test_a_deletion_is_neither_revoked_nor_postponed(then: Deployment | None, problem: str) -> None:
    bench = Bench(DeletionIsIrreversible, ONE, meta(ONE, 6, deletion_timestamp=BORN, finalizers=("f",)), then)
    assert len(bench.problems) == bool(problem)
    assert not problem or problem in bench.problems[0]


def test_an_object_with_finalizers_is_not_removed() -> None:
    assert Bench(DeletionIsIrreversible, meta(ONE, 5, finalizers=("f",)), None).problems


@pytest.mark.parametrize(
    ("version", "answer", "problem"),
    [
        ("", Result(object=sized(6, 2)), ""),
        ("", Result(object=ONE), ""),
        ("6", Result(object=ONE), "a stale or unknown state"),
        ("", Result(object=sized(6, 3)), "a stale or unknown state"),
        ("", NotFound.saying("deployments a").status, "it existed all the time"),
    ],
)
def test_a_get_returns_a_state_since_the_request(version: str, answer: Result | Status, problem: str) -> None:
    bench = Bench(ReadsAreConsistent, ONE, sized(6, 2))
    problems = bench.told(Get(resource=RESOURCE, namespace="x", name="a", resource_version=version), answer)
    assert len(problems) == bool(problem)
    assert not problem or problem in problems[0]


@pytest.mark.parametrize(
    ("options", "revision", "items", "problems"),
    [
        (ListOptions(), 6, (sized(6, 2),), 0),
        (ListOptions(), 5, (ONE,), 0),
        (ListOptions(), 6, (ONE,), 1),
        (ListOptions(resource_version="6"), 5, (ONE,), 1),
        (ListOptions(label_selector="k=v"), 6, (), 1),
        (ListOptions(label_selector="k=w"), 6, (sized(6, 2),), 1),
        (ListOptions(field_selector="metadata.name=b"), 6, (), 0),
    ],
)
def test_a_list_returns_the_state_at_its_revision(
    options: ListOptions, revision: int, items: tuple[Deployment, ...], problems: int
) -> None:
    bench = Bench(ListsAreConsistent, ONE, sized(6, 2))
    answer = ListResult(metadata=ListMeta(resource_version=str(revision)), items=items)
    assert bool(bench.told(List(resource=RESOURCE, namespace="x", options=options), answer)) == bool(problems)
    watch = Watch(resource=RESOURCE, namespace="x", options=options, lists=True, subscriber=bench.server, watch=1)
    assert bool(bench.told(watch, WatchStarted(answer))) == bool(problems)


UPDATE = Update(resource=RESOURCE, namespace="x", name="a", object=replace(ONE, spec=replace(ONE.spec, replicas=2)))
STATUS = replace(UPDATE, subresource="status", object=replace(ONE, status=DeploymentStatus(replicas=1)))
DELETE = Delete(
    resource=RESOURCE,
    namespace="x",
    name="a",
    options=DeleteOptions(preconditions=Preconditions(uid="u")),
)
PATCH = Patch(
    resource=RESOURCE, namespace="x", name="a", patch_type=MERGE_PATCH, patch=b'{"metadata":{"labels":{"k":null}}}'
)
GONE = Status(status="Success")


@pytest.mark.parametrize(
    ("request_", "states", "answer", "problem"),
    [
        (UPDATE, (sized(6, 2),), Result(object=sized(6, 2)), ""),
        (UPDATE, (sized(6, 3),), Result(object=sized(6, 3)), "it.spec.replicas is 3, not 2"),
        (UPDATE, (), Result(object=sized(6, 2)), "was never written"),
        (
            UPDATE,
            (meta(ONE, 6), sized(7, 2)),
            Result(object=sized(7, 2)),
            "its precondition was resource version 5, but the object was at 6",
        ),
        (
            UPDATE,
            (),
            Conflict.saying("the object has been modified; please").status,
            "the object was at 5 all the time",
        ),
        (UPDATE, (), NotFound.saying("deployments a").status, "the object existed all the time"),
        (
            UPDATE,
            (replace(sized(6, 2), status=DeploymentStatus(replicas=1)),),
            Result(object=replace(sized(6, 2), status=DeploymentStatus(replicas=1))),
            "it also changed the status",
        ),
        (STATUS, (replace(sized(6, 2), status=DeploymentStatus(replicas=1)),), None, "it also changed the spec"),
        (STATUS, (meta(ONE, 6),), None, "the status is"),
        (DELETE, (None,), GONE, ""),
        (DELETE, (), GONE, "the object existed all the time"),
        (
            replace(DELETE, options=DeleteOptions(preconditions=Preconditions(uid="w"))),
            (None,),
            GONE,
            "its precondition was uid w",
        ),
        (PATCH, (meta(ONE, 6, labels={}),), None, ""),
        (PATCH, (meta(ONE, 6),), None, "it.metadata.labels.k is v, not None"),
        (Create(resource=RESOURCE, namespace="x", object=ONE), (meta(ONE, 6),), None, "existed already"),
        (
            Create(resource=RESOURCE, namespace="x", object=meta(ONE, 5, name="b")),
            (),
            AlreadyExists.saying("deployments b").status,
            "the object never existed meanwhile",
        ),
    ],
)
def test_an_acknowledged_write_is_applied_as_requested(
    request_: ApiRequest[object], states: tuple[Deployment | None, ...], answer: object, problem: str
) -> None:
    bench = Bench(AcknowledgedWritesAreApplied, ONE, *states)
    problems = bench.told(request_, answer or Result(object=cast("Deployment", states[-1])))
    assert len(problems) == bool(problem), problems
    assert not problem or problem in problems[0]


def refused(name: str, message: str = "no", reason: str = "Conflict") -> Status:
    """A rejection that names an object."""
    return Status(status="Failure", reason=reason, message=message, details=StatusDetails(name=name))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (refused("a"), ""),
        (refused("b"), "names b"),
        (refused(""), "names no object"),
        (refused("", reason="ServiceUnavailable"), ""),
        (refused("", message='Apply failed with 1 conflict: conflict with "bob": .spec.replicas'), ""),
        (Result(object=ONE), ""),
    ],
)
def test_a_rejection_names_the_object(answer: Status | Result, problem: str) -> None:
    request = Update(resource=RESOURCE, namespace="x", name="a", object=ONE)
    found = Bench(RejectionsNameTheObject, ONE).told(request, answer)
    assert len(found) == bool(problem)
    assert not problem or problem in found[0]


@pytest.mark.parametrize(
    ("reason", "message"),
    [("NotFound", 'namespaces "x" not found'), ("Forbidden", 'User "bob" cannot create resource "deployments"')],
)
def test_a_rejection_whatever_the_name_need_not_name_the_object(reason: str, message: str) -> None:
    request = Create(resource=RESOURCE, namespace="x", object=ONE)
    assert Bench(RejectionsNameTheObject, ONE).told(request, refused("", message, reason)) == []
