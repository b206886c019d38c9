"""Custom resources: definitions are accepted and served, and their objects follow their schemas."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CustomResourceDefinition,
    CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
    CustomResourceSubresources,
    CustomResourceSubresourceScale,
    CustomResourceSubresourceStatus,
    CustomResourceValidation,
)
from kubeactors.api.autoscaling.v1 import Scale, ScaleSpec
from kubeactors.apimachinery import unstructured
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta
from kubeactors.apimachinery.requests import (
    ADMIN,
    APPLY_PATCH,
    MERGE_PATCH,
    STRATEGIC_MERGE_PATCH,
    Create,
    Delete,
    Get,
    GroupVersionResource,
    List,
    ListResult,
    Patch,
    Result,
    Update,
    Watch,
    WatchStarted,
    WriteOptions,
)
from kubeactors.apimachinery.status import Status
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.storage.backends.memory import MemoryBackend
from tests.apiserver.plane import Plane, Seen, refusal

THINGS = GroupVersionResource("example.com", "v1", "things")
SETTLED = 0.1

SIZES: dict[str, object] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "x-kubernetes-validations": [
                {"rule": "self.size >= oldSelf.size", "message": "things do not shrink"},
                {"rule": "self.size != 13", "message": "unlucky"},
            ],
            "properties": {"size": {"type": "integer", "default": 2, "maximum": 20}, "colour": {"type": "string"}},
        },
        "status": {"type": "object", "properties": {"size": {"type": "integer"}, "phase": {"type": "string"}}},
    },
}
PARTS = CustomResourceSubresources(
    status=CustomResourceSubresourceStatus(),
    scale=CustomResourceSubresourceScale(spec_replicas_path=".spec.size", status_replicas_path=".status.size"),
)


def version(name: str = "v1", **fields: object) -> CustomResourceDefinitionVersion:
    plain = CustomResourceDefinitionVersion(
        name=name, served=True, storage=True, schema=CustomResourceValidation(open_api_v3_schema=SIZES)
    )
    return replace(plain, **fields)


def definition(
    *versions: CustomResourceDefinitionVersion, plural: str = "things", kind: str = "Thing"
) -> CustomResourceDefinition:
    return CustomResourceDefinition(
        metadata=ObjectMeta(name=f"{plural}.example.com"),
        spec=CustomResourceDefinitionSpec(
            group="example.com",
            scope="Namespaced",
            names=CustomResourceDefinitionNames(plural=plural, kind=kind),
            versions=versions or (version(subresources=PARTS),),
        ),
    )


def thing(name: str = "a", api_version: str = "example.com/v1", **fields: object) -> Unstructured:
    return unstructured.of({"apiVersion": api_version, "kind": "Thing", "metadata": {"name": name}, **fields})


class Things:
    """Short helpers for requests about things."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane

    def define(self, crd: CustomResourceDefinition) -> CustomResourceDefinition:
        self.plane.create(crd)
        return self.settled(crd.metadata.name)

    def settled(self, name: str = "things.example.com") -> CustomResourceDefinition:
        self.plane.sim.run(seconds=SETTLED)
        return self.plane.get(CustomResourceDefinition, name)

    def create(self, value: Unstructured, resource: GroupVersionResource = THINGS) -> Result | Status:
        request = Create(resource=resource, namespace="default", object=value, user=ADMIN)
        return self.plane.sim.ask(self.plane.server, request)

    def made(self, value: Unstructured, resource: GroupVersionResource = THINGS) -> Unstructured:
        return self.custom(self.create(value, resource))

    def update(self, value: Unstructured, part: str = "") -> Result | Status:
        request = Update(resource=THINGS, namespace="default", name="a", subresource=part, object=value, user=ADMIN)
        return self.plane.sim.ask(self.plane.server, request)

    def patch(self, patch: bytes, how: str = MERGE_PATCH, manager: str = "") -> Result | Status:
        options = WriteOptions(field_manager=manager)
        request = Patch(
            resource=THINGS, namespace="default", name="a", patch_type=how, patch=patch, options=options, user=ADMIN
        )
        return self.plane.sim.ask(self.plane.server, request)

    def get(self, name: str = "a", resource: GroupVersionResource = THINGS, part: str = "") -> Result | Status:
        request = Get(resource=resource, namespace="default", name=name, subresource=part, user=ADMIN)
        return self.plane.sim.ask(self.plane.server, request)

    def delete(self, name: str = "a") -> Result | Status:
        return self.plane.sim.ask(
            self.plane.server, Delete(resource=THINGS, namespace="default", name=name, user=ADMIN)
        )

    def listed(self, resource: GroupVersionResource = THINGS) -> ListResult:
        found = self.plane.sim.ask(self.plane.server, List(resource=resource, namespace="default", user=ADMIN))
        assert isinstance(found, ListResult), found
        return found

    def watched(self) -> Seen:
        seen = Seen()
        watch = Watch(resource=THINGS, namespace="default", subscriber=seen, watch=7, user=ADMIN)
        assert self.plane.sim.ask(self.plane.server, watch) == WatchStarted()
        return seen

    @staticmethod
    def custom(reply: Result | Status) -> Unstructured:
        assert isinstance(reply, Result), reply
        assert isinstance(reply.object, Unstructured)
        return reply.object


@pytest.fixture
def things() -> Things:
    return Things(Plane())


@pytest.fixture
def served(things: Things) -> Things:
    things.define(definition())
    return things


def conditions(crd: CustomResourceDefinition) -> Mapping[str, tuple[str, str]]:
    return {one.type: (one.status, one.reason) for one in crd.status.conditions or ()}


def test_a_definition_is_established_under_its_names(things: Things) -> None:
    assert refusal(things.get())[:2] == (404, "NotFound")
    crd = things.define(definition())
    assert conditions(crd) == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    accepted = crd.status.accepted_names
    assert (accepted.plural, accepted.singular, accepted.list_kind) == ("things", "thing", "ThingList")
    assert (crd.status.stored_versions, things.listed().items) == (("v1",), ())


def test_a_definition_with_a_taken_kind_waits_until_the_first_is_deleted(served: Things) -> None:
    later = served.define(definition(plural="others"))
    assert conditions(later) == {
        "NamesAccepted": ("False", "ListKindConflict"),
        "Established": ("False", "NotAccepted"),
    }
    served.plane.delete(CustomResourceDefinition, "things.example.com")
    assert conditions(served.settled("others.example.com"))["Established"] == ("True", "InitialNamesAccepted")
    assert refusal(served.get())[0] == 404


def test_unknown_fields_are_pruned_and_defaults_applied(served: Things) -> None:
    made = served.made(thing(spec={"weight": 1}, status={"phase": "Done"}))
    assert made.fields == {"spec": {"size": 2}}
    assert (made.metadata.generation, made.metadata.namespace) == (1, "default")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"colour": 1},
            (
                '[spec.colour: Invalid value: "integer": spec.colour in body must be of type string: "integer", '
                "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
                "correct the existing errors to complete validation]"
            ),
        ),
        ({"size": 21}, "spec.size: Invalid value: 21: spec.size in body should be less than or equal to 20"),
        ({"size": 13}, "spec: Invalid value: unlucky"),
    ],
)
def test_values_and_rules_are_validated(served: Things, spec: dict[str, object], message: str) -> None:
    code, reason, said = refusal(served.create(thing(spec=spec)))
    assert (code, reason, said) == (422, "Invalid", f'Thing.example.com "a" is invalid: {message}')


def test_the_error_of_an_expensive_rule_names_the_unbounded_field(things: Things) -> None:
    def with_words(rule: str, **limits: int) -> CustomResourceDefinition:
        words = {"type": "array", "items": {"type": "string", "maxLength": 100}, **limits}
        spec = {"type": "object", "properties": {"words": words}, "x-kubernetes-validations": [{"rule": rule}]}
        schema: dict[str, object] = {"type": "object", "properties": {"spec": spec}}
        return definition(version(schema=CustomResourceValidation(open_api_v3_schema=schema)))

    twice = "self.words.all(w, self.words.exists_one(v, v == w))"
    at = "spec.validation.openAPIV3Schema"
    rule = f"{at}.properties[spec].x-kubernetes-validations[0].rule: Forbidden:"
    part = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
    total = f"x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema {FAR_TOO_DEAR}"
    code, _, said = refusal(things.plane.try_create(with_words(twice)))
    assert code == 422
    assert said == (
        f'CustomResourceDefinition.apiextensions.k8s.io "things.example.com" is invalid: [{rule} estimated rule cost '
        f"{FAR_TOO_DEAR}, {rule} {part}, {at}: Forbidden: {total}]"
    )
    assert isinstance(things.plane.try_create(with_words(twice, maxItems=100)), Result)


FAR_TOO_DEAR = (
    "exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, "
    "maxProperties, and maxLength where arrays, maps, and strings are declared)"
)


def test_transition_rules_see_the_old_value(served: Things) -> None:
    made = served.made(thing(spec={"size": 5}))
    code, _, said = refusal(served.update(made.with_field("spec", {"size": 4})))
    assert (code, said) == (422, 'Thing.example.com "a" is invalid: spec: Invalid value: things do not shrink')
    grown = served.custom(served.update(made.with_field("spec", {"size": 6})))
    assert (grown.at("spec", "size"), grown.metadata.generation) == (6, 2)


def test_the_status_is_a_subresource(served: Things) -> None:
    made = served.made(thing(spec={"size": 5}))
    done = served.custom(served.update(made.with_fields({"spec": {"size": 9}, "status": {"phase": "Done"}}), "status"))
    assert (done.fields, done.metadata.generation) == ({"spec": {"size": 5}, "status": {"phase": "Done"}}, 1)
    kept = served.custom(served.update(done.with_fields({"spec": {"size": 6}})))
    assert kept.at("status", "phase") == "Done"


def test_the_scale_is_read_and_updated(served: Things) -> None:
    served.made(thing(spec={"size": 5}))
    found = served.get(part="scale")
    assert isinstance(found, Result)
    assert isinstance(found.object, Scale)
    assert found.object.spec.replicas == 5
    request = Update(
        resource=THINGS,
        namespace="default",
        name="a",
        subresource="scale",
        object=Scale(metadata=ObjectMeta(name="a", namespace="default"), spec=ScaleSpec(replicas=7)),
        user=ADMIN,
    )
    assert isinstance(served.plane.sim.ask(served.plane.server, request), Result)
    assert served.custom(served.get()).at("spec", "size") == 7


def test_a_scale_is_applied_and_its_manager_owns_the_size(served: Things) -> None:
    served.patch(
        b'{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"a"},"spec":{"colour":"red","size":5}}',
        APPLY_PATCH,
        "one",
    )
    scale = b'{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":7}}'
    request = Patch(
        resource=THINGS,
        namespace="default",
        name="a",
        subresource="scale",
        patch_type=APPLY_PATCH,
        patch=scale,
        options=WriteOptions(field_manager="scaler", force=True),
        user=ADMIN,
    )
    reply = served.plane.sim.ask(served.plane.server, request)
    assert isinstance(reply, Result)
    assert isinstance(reply.object, Scale)
    assert reply.object.spec == ScaleSpec(replicas=7)
    found = served.custom(served.get())
    assert found.at("spec", "size") == 7
    owners = {(one.manager, one.subresource): one.fields_v1 for one in found.metadata.managed_fields}
    assert owners == {
        ("one", ""): {"f:spec": {"f:colour": {}}},
        ("scaler", "scale"): {"f:spec": {"f:size": {}}},
    }


def test_things_are_patched_and_applied(served: Things) -> None:
    served.made(thing(spec={"size": 5}))
    patched = served.custom(served.patch(b'{"spec":{"colour":"red","weight":1}}'))
    assert patched.at("spec") == {"size": 5, "colour": "red"}
    applied = b'{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"a"},"spec":{"colour":"%s"}}'
    code, reason, said = refusal(served.patch(applied % b"blue", APPLY_PATCH, "other"))
    assert (code, reason) == (409, "Conflict")
    assert ".spec.colour" in said
    assert served.custom(served.patch(applied % b"red", APPLY_PATCH, "other")).at("spec", "colour") == "red"
    assert refusal(served.patch(b"{}", STRATEGIC_MERGE_PATCH))[0] == 415


def test_watches_of_custom_objects_end_with_their_definition(served: Things) -> None:
    seen = served.watched()
    served.made(thing())
    assert isinstance(served.delete(), Status | Result)
    served.plane.sim.run(seconds=SETTLED)
    assert seen.events == [("ADDED", "a"), ("DELETED", "a")]
    served.plane.delete(CustomResourceDefinition, "things.example.com")
    served.plane.sim.run(seconds=SETTLED)
    assert seen.closed is not None


def test_deleting_a_definition_deletes_its_objects(served: Things) -> None:
    served.made(thing())
    served.plane.delete(CustomResourceDefinition, "things.example.com")
    served.plane.sim.run(seconds=SETTLED)
    assert refusal(served.plane.try_get(CustomResourceDefinition, "things.example.com"))[0] == 404
    served.define(definition())
    assert served.listed().items == ()


def test_a_definition_waits_for_the_finalizers_of_its_objects(served: Things) -> None:
    held = thing()
    served.made(held.with_metadata(replace(held.metadata, finalizers=("example.com/hold",))))
    served.plane.delete(CustomResourceDefinition, "things.example.com")
    assert conditions(served.settled())["Terminating"] == ("True", "InstanceDeletionInProgress")
    assert refusal(served.create(thing("b")))[0] == 405
    served.custom(served.patch(b'{"metadata":{"finalizers":null}}'))
    served.plane.sim.run(seconds=SETTLED)
    assert refusal(served.plane.try_get(CustomResourceDefinition, "things.example.com"))[0] == 404


def test_foreground_deletion_is_left_to_the_garbage_collector(served: Things) -> None:
    served.made(thing())
    options = DeleteOptions(propagation_policy="Foreground")
    request = Delete(resource=THINGS, namespace="default", name="a", options=options, user=ADMIN)
    served.plane.sim.ask(served.plane.server, request)
    metadata = served.custom(served.get()).metadata
    assert (metadata.finalizers, bool(metadata.deletion_timestamp)) == (("foregroundDeletion",), True)


def test_an_object_is_read_in_every_version(things: Things) -> None:
    things.define(definition(version("v1"), version("v2", storage=False)))
    newer = GroupVersionResource("example.com", "v2", "things")
    things.made(thing(api_version="example.com/v2", spec={"size": 3}), newer)
    assert things.custom(things.get()).api_version == "example.com/v1"
    assert [one.api_version for one in things.listed(newer).items] == ["example.com/v2"]


def test_the_storage_version_changes(things: Things) -> None:
    crd = things.define(definition(version("v1"), version("v2", storage=False)))
    things.made(thing(spec={"size": 3}))
    turned = (version("v1", storage=False), version("v2"))
    things.plane.update(replace(crd, spec=replace(crd.spec, versions=turned)))
    assert things.settled().status.stored_versions == ("v1", "v2")
    newer = GroupVersionResource("example.com", "v2", "things")
    assert things.custom(things.get(resource=newer)).api_version == "example.com/v2"
    assert things.custom(things.get()).at("spec", "size") == 3


def test_a_version_that_is_no_longer_served_is_not_found(things: Things) -> None:
    crd = things.define(definition(version("v1"), version("v2", storage=False)))
    versions = (version("v1"), version("v2", storage=False, served=False))
    things.plane.update(replace(crd, spec=replace(crd.spec, versions=versions)))
    things.settled()
    assert refusal(things.get(resource=GroupVersionResource("example.com", "v2", "things")))[0] == 404
    assert things.listed().items == ()


def test_a_restarted_server_serves_the_defined_kinds() -> None:
    backend = MemoryBackend()
    before = Things(Plane(backend=backend))
    before.define(definition())
    before.made(thing(spec={"size": 5}))
    after = Things(Plane(backend=backend))
    after.plane.sim.run(seconds=SETTLED)
    assert after.custom(after.get()).at("spec", "size") == 5
