"""Custom kinds whose versions differ, converted by a webhook."""

from collections.abc import Callable
from functools import partial

import msgspec
import pytest
from msgspec.structs import replace

from kubeactors.actor import Actor, Ref, SimSystem, handle
from kubeactors.api.admissionregistration.v1.matching import MatchResources, NamedRuleWithOperations
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingAdmissionPolicyBindingSpec,
    ValidatingAdmissionPolicySpec,
    Validation,
)
from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CustomResourceConversion,
    CustomResourceDefinition,
    CustomResourceDefinitionVersion,
    CustomResourceSubresources,
    CustomResourceSubresourceScale,
    CustomResourceSubresourceStatus,
    CustomResourceValidation,
    WebhookClientConfig,
    WebhookConversion,
)
from kubeactors.api.autoscaling.v1 import Scale, ScaleSpec
from kubeactors.apimachinery import unstructured
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import (
    ADMIN,
    APPLY_PATCH,
    DELETED,
    MERGE_PATCH,
    Create,
    Delete,
    DeleteCollection,
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
    WriteOptions,
)
from kubeactors.apimachinery.status import Status
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.apiserver import ApiServer, ObjectCodec
from kubeactors.apiserver.admission.webhooks.call import Call, CallWebhook, WebhookReply
from kubeactors.apiserver.keys import prefix_of_custom
from kubeactors.storage import Store
from kubeactors.storage.messages import Range, RangeOp, RangeReply, prefix_end
from tests.apiserver.plane import Plane, Seen, refusal
from tests.apiserver.test_custom_resources import definition, version

V1, V2 = (GroupVersionResource("example.com", one, "things") for one in ("v1", "v2"))
Json = dict[str, object]


class Body(msgspec.Struct):
    request: Json


TWINS = {"v1": {"width": "size", "state": "phase"}, "v2": {"size": "width", "phase": "state"}}


def to_version(wanted: str, value: Json) -> Json:
    """In v1 a thing has a size and a phase; in v2 a width, a constant height, and a state."""
    twins = TWINS[wanted.rpartition("/")[2]]
    parts = {name: msgspec.convert(value.get(name) or {}, dict[str, object]) for name in ("spec", "status")}
    made = {part: {twins.get(name, name): one for name, one in found.items()} for part, found in parts.items()}
    made["spec"].pop("height", None)
    if "width" in made["spec"]:
        made["spec"]["height"] = made["spec"]["width"]
    return {**value, "apiVersion": wanted, **{part: found for part, found in made.items() if found}}


class Converter(Actor[CallWebhook]):
    """The program behind the webhook."""

    def __init__(self, asked: list[Json], answer: Callable[[Json], Json]) -> None:
        self.asked = asked
        self.answer = answer

    @handle
    def call(self, message: CallWebhook) -> WebhookReply:
        request = msgspec.json.decode(message.body, type=Body).request
        self.asked.append(request)
        response = {"uid": request["uid"], **self.answer(request)}
        review = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "response": response}
        return WebhookReply(body=msgspec.json.encode(review))


def converted(request: Json) -> Json:
    objects = msgspec.convert(request["objects"], list[Json])
    made = [to_version(str(request["desiredAPIVersion"]), one) for one in objects]
    return {"result": {"status": "Success"}, "convertedObjects": made}


def asking(converter: Ref[CallWebhook]) -> Call:
    async def call(message: CallWebhook) -> WebhookReply:
        return await converter.ask(message)

    return call


class Things(Plane):
    """A plane with a custom kind that is stored as v1, and served as v1 and v2."""

    def __init__(self, answer: Callable[[Json], Json] = converted) -> None:
        super().__init__()
        self.asked: list[Json] = []
        self.answer = answer
        self.sim = SimSystem(seed=1)
        converter = self.sim.spawn(lambda: Converter(self.asked, self._answer), name="converter")
        self.store = self.sim.spawn(partial(Store, self.backend, ObjectCodec(self.scheme)), name="store")
        make = partial(ApiServer, self.scheme, self.store, call_webhook=asking(converter))
        self.server = self.sim.spawn(make, name="apiserver")
        self.create(things("v1"))
        self.sim.run(seconds=0.1)

    def _answer(self, request: Json) -> Json:
        return self.answer(request)

    def ask(self, request: Create | Update | Patch | Get | Delete) -> Result | Status:
        return self.sim.ask(self.server, request)

    def make(self, gvr: GroupVersionResource, name: str = "a", **spec: object) -> Result | Status:
        return self.ask(Create(resource=gvr, namespace="default", object=thing(gvr, name, **spec), user=ADMIN))

    def read(self, gvr: GroupVersionResource, name: str = "a") -> Unstructured:
        return custom(self.ask(Get(resource=gvr, namespace="default", name=name, user=ADMIN)))

    def stored_things(self) -> list[Unstructured]:
        root = prefix_of_custom("example.com", "things")
        found = self.sim.ask(self.store, Range(op=RangeOp(key=root, range_end=prefix_end(root))))
        assert isinstance(found, RangeReply)
        return [one.value for one in found.kvs if isinstance(one.value, Unstructured)]

    def patched(self, gvr: GroupVersionResource, patch: bytes, how: str = MERGE_PATCH) -> Result | Status:
        options = WriteOptions(field_manager="me", force=True if how == APPLY_PATCH else None)
        return self.ask(
            Patch(resource=gvr, namespace="default", name="a", patch_type=how, patch=patch, options=options, user=ADMIN)
        )


def things(stored: str) -> CustomResourceDefinition:
    first = served_version("v1", "phase", stored == "v1", "size")
    found = definition(first, served_version("v2", "state", stored == "v2", "width", "height"))
    webhook = WebhookConversion(
        client_config=WebhookClientConfig(url="https://convert.example.com/"), conversion_review_versions=("v1",)
    )
    conversion = CustomResourceConversion(strategy="Webhook", webhook=webhook)
    return replace(found, spec=replace(found.spec, conversion=conversion))


def served_version(name: str, told: str, is_stored: bool, *fields: str) -> CustomResourceDefinitionVersion:  # noqa: FBT001 -- a fact
    numbers = {field: {"type": "integer", "maximum": 20} for field in fields}
    spec = {"type": "object", "properties": numbers}
    status = {"type": "object", "properties": {told: {"type": "string"}}}
    schema: Json = {"type": "object", "properties": {"spec": spec, "status": status}}
    scale = CustomResourceSubresourceScale(
        spec_replicas_path=f".spec.{fields[0]}", status_replicas_path=".status.count"
    )
    return version(
        name,
        storage=is_stored,
        schema=CustomResourceValidation(open_api_v3_schema=schema),
        subresources=CustomResourceSubresources(status=CustomResourceSubresourceStatus(), scale=scale),
    )


def thing(gvr: GroupVersionResource, name: str, **spec: object) -> Unstructured:
    api_version = f"{gvr.group}/{gvr.version}"
    return unstructured.of({"apiVersion": api_version, "kind": "Thing", "metadata": {"name": name}, "spec": spec})


def custom(reply: Result | Status) -> Unstructured:
    assert isinstance(reply, Result), reply
    assert isinstance(reply.object, Unstructured)
    return reply.object


def seen(value: Unstructured) -> tuple[str, object]:
    return value.api_version, value.at("spec")


def test_an_object_written_in_one_version_is_read_in_another() -> None:
    plane = Things()
    made = custom(plane.make(V2, width=3, height=3))
    assert seen(made) == ("example.com/v2", {"width": 3, "height": 3})
    assert seen(plane.read(V1)) == ("example.com/v1", {"size": 3})
    assert plane.read(V2) == made


def test_objects_are_stored_in_the_storage_version() -> None:
    plane = Things()
    custom(plane.make(V2, width=3, height=3))
    (kept,) = [one for one in plane.stored_things() if one.metadata.name == "a"]
    assert seen(kept) == ("example.com/v1", {"size": 3})


def test_a_list_is_converted_in_one_call() -> None:
    plane = Things()
    for name in "abc":
        custom(plane.make(V1, name, size=ord(name) - 96))
    assert plane.asked == []
    found = plane.sim.ask(plane.server, List(resource=V2, namespace="default", user=ADMIN))
    assert isinstance(found, ListResult)
    assert [seen(one) for one in found.items if isinstance(one, Unstructured)] == [
        ("example.com/v2", {"width": size, "height": size}) for size in (1, 2, 3)
    ]
    assert len(plane.asked) == 1


def test_a_watch_sends_its_own_version_in_order() -> None:
    plane = Things()
    watcher = Seen()
    options = ListOptions(allow_watch_bookmarks=True)
    watch = Watch(resource=V2, namespace="default", subscriber=watcher, watch=7, options=options, user=ADMIN)
    assert plane.sim.ask(plane.server, watch) == WatchStarted()
    custom(plane.make(V1, size=1))
    custom(plane.patched(V1, b'{"spec": {"size": 2}}'))
    plane.ask(Delete(resource=V1, namespace="default", name="a", user=ADMIN))
    plane.sim.run(seconds=100)  # long enough for a bookmark
    found = [(event.type, event.object) for message in watcher.messages for event in message.events]
    assert [(type_, seen(one)) for type_, one in found[:3] if isinstance(one, Unstructured)] == [
        ("ADDED", ("example.com/v2", {"width": 1, "height": 1})),
        ("MODIFIED", ("example.com/v2", {"width": 2, "height": 2})),
        (DELETED, ("example.com/v2", {"width": 2, "height": 2})),
    ]
    assert {type_ for type_, _ in found[3:]} == {"BOOKMARK"}


@pytest.mark.parametrize("how", [MERGE_PATCH, APPLY_PATCH])
def test_a_patch_applies_to_the_version_in_its_request(how: str) -> None:
    plane = Things()
    custom(plane.make(V1, size=1))
    patch = b'{"apiVersion": "example.com/v2", "kind": "Thing", "spec": {"width": 5, "height": 5}}'
    assert seen(custom(plane.patched(V2, patch, how))) == ("example.com/v2", {"width": 5, "height": 5})
    assert seen(plane.read(V1)) == ("example.com/v1", {"size": 5})


def test_an_update_needs_the_current_resource_version_in_any_version() -> None:
    plane = Things()
    first = custom(plane.make(V2, width=1, height=1))
    update = partial(Update, resource=V2, namespace="default", name="a", user=ADMIN)
    changed = first.with_field("spec", {"width": 2, "height": 2})
    assert seen(custom(plane.ask(update(object=changed)))) == ("example.com/v2", {"width": 2, "height": 2})
    assert refusal(plane.ask(update(object=changed)))[0] == 409


def test_an_object_is_validated_in_its_own_version_before_conversion() -> None:
    plane = Things()
    code, _, said = refusal(plane.make(V2, width=30, height=1))
    assert (code, plane.asked) == (422, [])
    assert "spec.width: Invalid value: 30" in said


def test_objects_stay_readable_when_the_storage_version_changes() -> None:
    plane = Things()
    custom(plane.make(V1, size=4))
    plane.update(replace(plane.get(CustomResourceDefinition, "things.example.com"), spec=things("v2").spec))
    plane.sim.run(seconds=0.1)
    crd = plane.get(CustomResourceDefinition, "things.example.com")
    assert crd.status.stored_versions == ("v1", "v2")
    assert seen(plane.read(V1)) == ("example.com/v1", {"size": 4})
    assert seen(plane.read(V2)) == ("example.com/v2", {"width": 4, "height": 4})
    custom(plane.patched(V1, b'{"spec": {"size": 6}}'))
    (kept,) = plane.stored_things()
    assert seen(kept) == ("example.com/v2", {"width": 6, "height": 6})


def not_today(_: Json) -> Json:
    return {"result": {"status": "Failure", "message": "not today"}}


def test_a_failing_webhook_fails_the_request_and_ends_the_watch() -> None:
    plane = Things()
    custom(plane.make(V1, size=1))
    plane.answer = not_today
    get = Get(resource=V2, namespace="default", name="a", user=ADMIN)
    code, _, said = refusal(plane.ask(get))
    assert (code, said) == (500, "conversion webhook for example.com/v1, Kind=Thing failed: not today")
    watcher = Seen()
    plane.sim.ask(plane.server, Watch(resource=V2, namespace="default", subscriber=watcher, watch=7, user=ADMIN))
    custom(plane.patched(V1, b'{"spec": {"size": 2}}'))
    plane.sim.run(seconds=1)
    assert watcher.events == []
    assert watcher.closed is not None
    assert watcher.closed.status is not None
    assert watcher.closed.status.message == said


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"result": {"status": "Success"}}, "webhook returned 0 objects, expected 1"),
        ({"uid": "other", "result": {"status": "Success"}}, 'got "other"'),
        ({}, 'expected response.result.status="Success", got ""'),
        (
            {"result": {"status": "Success"}, "convertedObjects": [{"apiVersion": "example.com/v1"}]},
            "invalid converted object at index 0: expected API version example.com/v2",
        ),
        (
            {"result": {"status": "Success"}, "convertedObjects": [{"apiVersion": "example.com/v2"}]},
            "must have the same metadata.name",
        ),
    ],
)
def test_an_invalid_conversion_response_is_rejected(answer: Json, why: str) -> None:
    plane = Things(lambda _: answer)
    custom(plane.make(V1, size=1))
    code, _, said = refusal(plane.ask(Get(resource=V2, namespace="default", name="a", user=ADMIN)))
    assert code == 500
    assert why in said


def test_a_policy_sees_the_version_in_its_rule() -> None:
    plane = Things()
    rule = NamedRuleWithOperations(
        api_groups=("example.com",), api_versions=("v2",), operations=("CREATE",), resources=("things",)
    )
    spec = ValidatingAdmissionPolicySpec(
        match_constraints=MatchResources(resource_rules=(rule,)),
        validations=(Validation(expression="object.spec.width < 10", message="too wide"),),
    )
    plane.create(ValidatingAdmissionPolicy(metadata=ObjectMeta(name="p"), spec=spec))
    binding = ValidatingAdmissionPolicyBindingSpec(policy_name="p", validation_actions=("Deny",))
    plane.create(ValidatingAdmissionPolicyBinding(metadata=ObjectMeta(name="b"), spec=binding))
    assert refusal(plane.make(V1, size=11))[2].endswith("denied request: too wide")
    custom(plane.make(V1, size=9))
    unnamed = thing(V1, "", size=9)
    unnamed = unnamed.with_metadata(replace(unnamed.metadata, generate_name="b-"))
    custom(plane.ask(Create(resource=V1, namespace="default", object=unnamed, user=ADMIN)))


def test_the_scale_is_that_of_the_version_in_the_request() -> None:
    plane = Things()
    custom(plane.make(V1, size=1))
    reply = plane.ask(Get(resource=V2, namespace="default", name="a", subresource="scale", user=ADMIN))
    assert isinstance(reply, Result)
    assert isinstance(reply.object, Scale)
    assert reply.object.spec.replicas == 1
    scale = replace(reply.object, spec=ScaleSpec(replicas=4))
    update = Update(resource=V2, namespace="default", name="a", subresource="scale", object=scale, user=ADMIN)
    reply = plane.ask(update)
    assert isinstance(reply, Result)
    assert isinstance(reply.object, Scale)
    written = plane.read(V1)
    assert seen(written) == ("example.com/v1", {"size": 4})
    assert (reply.object.spec.replicas, reply.object.metadata.resource_version) == (
        4,
        written.metadata.resource_version,
    )


def test_a_status_is_converted_like_everything_else() -> None:
    plane = Things()
    made = custom(plane.make(V2, width=1, height=1))
    told = made.with_field("status", {"state": "Ready"})
    update = Update(resource=V2, namespace="default", name="a", subresource="status", object=told, user=ADMIN)
    assert custom(plane.ask(update)).at("status") == {"state": "Ready"}
    assert plane.read(V1).at("status") == {"phase": "Ready"}


def test_a_deleted_collection_is_returned_in_the_requested_version() -> None:
    plane = Things()
    for name in "ab":
        custom(plane.make(V1, name, size=1))
    found = plane.sim.ask(plane.server, DeleteCollection(resource=V2, namespace="default", user=ADMIN))
    assert isinstance(found, ListResult)
    assert [one.api_version for one in found.items if isinstance(one, Unstructured)] == ["example.com/v2"] * 2
    assert plane.stored_things() == []
