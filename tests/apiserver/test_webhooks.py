"""Admission webhooks are called before writes, and their responses take effect."""

import base64
from collections.abc import Callable
from functools import partial

import msgspec
import pytest
from msgspec.structs import replace

from kubeactors.actor import Actor, Later, Ref, SimSystem, handle
from kubeactors.api.admissionregistration.v1.matching import (
    MatchCondition,
    RuleWithOperations,
    ServiceReference,
    WebhookClientConfig,
)
from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhook,
    MutatingWebhookConfiguration,
    ValidatingWebhook,
    ValidatingWebhookConfiguration,
)
from kubeactors.api.autoscaling.v1.autoscaler import HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec
from kubeactors.api.autoscaling.v2.metrics import CrossVersionObjectReference
from kubeactors.api.core.v1 import (
    ConfigMap,
    LimitRange,
    LimitRangeItem,
    LimitRangeSpec,
    Pod,
    Service,
    ServicePort,
    ServiceSpec,
)
from kubeactors.api.discovery.v1 import Endpoint, EndpointPort, EndpointSlice
from kubeactors.api.discovery.v1.endpointslice import EndpointConditions
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import Create, Result
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver import ApiServer, ObjectCodec
from kubeactors.apiserver.admission.webhooks.call import Call, CallWebhook, Posted, WebhookReply
from kubeactors.storage import Store
from tests.apiserver.plane import DRY_RUN, Plane, pod

URL = WebhookClientConfig(url="https://hook.example.com/ask")
CONFIG_MAPS = RuleWithOperations(
    api_groups=("",), api_versions=("v1",), operations=("CREATE", "UPDATE", "DELETE"), resources=("configmaps",)
)

Request = dict[str, object]


def of_pods(operation: str) -> RuleWithOperations:
    return replace(CONFIG_MAPS, operations=(operation,), resources=("pods",))


Program = Callable[[Request], dict[str, object]]


class Body(msgspec.Struct):
    request: Request


def request_in(message: CallWebhook) -> Request:
    return msgspec.json.decode(message.body, type=Body).request


class Programs(Actor[CallWebhook]):
    """The programs behind the webhooks; records the calls."""

    def __init__(self, answer: Program, asked: list[CallWebhook]) -> None:
        self.answer = answer
        self.asked = asked

    @handle
    def call(self, message: CallWebhook) -> WebhookReply:
        self.asked.append(message)
        request = request_in(message)
        response = {"uid": request["uid"], "allowed": True, **self.answer(request)}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        return WebhookReply(body=msgspec.json.encode(review))


class Asked(Plane):
    """A plane whose server calls a program."""

    def __init__(self, answer: Program) -> None:
        self.calls: list[CallWebhook] = []
        super().__init__()
        self.ask(lambda: Programs(answer, self.calls))

    def ask(self, who: Callable[[], Actor[CallWebhook]]) -> None:
        self.sim = SimSystem(seed=1)
        programs = self.sim.spawn(who, name="programs")
        self.store = self.sim.spawn(partial(Store, self.backend, ObjectCodec(self.scheme)), name="store")
        make = partial(ApiServer, self.scheme, self.store, call_webhook=asking(programs))
        self.server = self.sim.spawn(make, name="apiserver")


def asking(programs: Ref[CallWebhook]) -> Call:
    return lambda message: Posted(programs.send_request(message))


class Patient(Actor[CallWebhook]):
    """Programs that deny everything, once a number of calls is pending."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.asked: list[tuple[CallWebhook, Later[WebhookReply]]] = []

    @handle
    def call(self, message: CallWebhook) -> Later[WebhookReply]:
        later: Later[WebhookReply] = self.ctx.later()
        self.asked.append((message, later))
        for asked, waiting in self.asked if len(self.asked) == self.wanted else ():
            response = {"uid": request_in(asked)["uid"], "allowed": False, "status": {"message": "no"}}
            review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
            waiting.reply(WebhookReply(body=msgspec.json.encode(review)))
        return later


def config_map(name: str = "a", **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default"), data=data)


def validating(hook: ValidatingWebhook) -> ValidatingWebhookConfiguration:
    return ValidatingWebhookConfiguration(metadata=ObjectMeta(name="v"), webhooks=(hook,))


def hook(**fields: object) -> ValidatingWebhook:
    return replace(
        ValidatingWebhook(
            name="w.example.com",
            client_config=URL,
            rules=(CONFIG_MAPS,),
            side_effects="None",
            admission_review_versions=("v1",),
        ),
        **fields,
    )


def changing(name: str, reinvocation: str = "Never", failure_policy: str = "Fail") -> MutatingWebhookConfiguration:
    made = MutatingWebhook(
        name=f"{name}.example.com",
        client_config=WebhookClientConfig(url=f"https://{name}.example.com/"),
        rules=(CONFIG_MAPS,),
        side_effects="None",
        admission_review_versions=("v1",),
        reinvocation_policy=reinvocation,
        failure_policy=failure_policy,
    )
    return MutatingWebhookConfiguration(metadata=ObjectMeta(name=name), webhooks=(made,))


def refusal(reply: object) -> Status:
    assert isinstance(reply, Status), reply
    assert reply.status == "Failure", reply
    return reply


def data_in(request: Request) -> dict[str, str]:
    return msgspec.convert(request["object"] or request["oldObject"], ConfigMap).data


def deny_bad(request: Request) -> dict[str, object]:
    if "bad" in data_in(request):
        return {"allowed": False, "status": {"message": "bad is bad", "reason": "Invalid", "code": 422}}
    return {"warnings": ["looked at"]}


def test_a_denial_has_the_message_of_the_webhook() -> None:
    plane = Asked(deny_bad)
    plane.create(validating(hook()))
    refused = refusal(plane.try_create(config_map(bad="1")))
    assert (refused.code, refused.reason) == (422, "Invalid")
    assert refused.message == 'admission webhook "w.example.com" denied the request: bad is bad'


def test_an_allowed_request_has_the_warnings_of_the_webhook() -> None:
    plane = Asked(deny_bad)
    plane.create(validating(hook()))
    result = plane.try_create(config_map(good="1"))
    assert isinstance(result, Result)
    assert result.warnings == ("looked at",)
    assert plane.calls[0].url == "https://hook.example.com/ask?timeout=10s"


def test_calls_about_updates_and_deletions_have_the_old_object() -> None:
    plane = Asked(deny_bad)
    made = plane.create(config_map(good="1"))
    plane.create(config_map("kept", bad="1"))
    plane.create(validating(hook()))
    assert refusal(plane.try_update(replace(made, data={"bad": "1"}))).code == 422
    assert refusal(plane.delete(ConfigMap, "kept")).code == 422
    plane.delete(ConfigMap, "a")
    assert plane.names(ConfigMap) == ["kept"]
    assert [request_in(one)["operation"] for one in plane.calls] == [
        "UPDATE",
        "DELETE",
        "DELETE",
    ]


def test_a_match_condition_excludes_a_webhook() -> None:
    plane = Asked(deny_bad)
    condition = MatchCondition(name="not-free", expression="object.metadata.name != 'free'")
    plane.create(validating(hook(match_conditions=(condition,))))
    plane.create(config_map("free", bad="1"))
    assert plane.calls == []


def test_a_webhook_is_told_of_a_dry_run() -> None:
    plane = Asked(deny_bad)
    plane.create(validating(hook()))
    plane.create(config_map(), DRY_RUN)
    assert [request_in(one)["dryRun"] for one in plane.calls] == [True]


def set_key(name: str) -> dict[str, object]:
    patch = [{"op": "add", "path": f"/data/{name}", "value": "x"}]
    return {"patchType": "JSONPatch", "patch": msgspec.json.encode(patch)}


def test_a_patch_in_response_to_a_deletion_rejects_it() -> None:
    plane = Asked(lambda request: set_key("x") if request["operation"] == "DELETE" else {})
    plane.create(config_map(good="1"))
    plane.create(changing("a"))
    refused = refusal(plane.delete(ConfigMap, "a"))
    said = "attempted to modify the object, which is not supported for this operation"
    assert (refused.code, refused.reason) == (500, "InternalError")
    assert refused.message == f'Internal error occurred: admission webhook "a.example.com" {said}'
    assert plane.names(ConfigMap) == ["a"]


def test_webhooks_are_not_called_again_about_a_terminating_pod() -> None:
    plane = Asked(lambda _: {})
    plane.with_account()
    plane.create(replace(pod("a"), spec=replace(pod("a").spec, node_name="node-1")))
    plane.create(validating(hook(rules=(of_pods("DELETE"),))))
    plane.delete(Pod, "a")
    plane.delete(Pod, "a")
    assert [request_in(one)["operation"] for one in plane.calls] == ["DELETE"]


def test_mutating_webhooks_are_called_in_sequence() -> None:
    def add(request: Request) -> dict[str, object]:
        return set_key(f"key{len(data_in(request))}")

    plane = Asked(add)
    plane.create(changing("a"))
    plane.create(changing("b"))
    assert plane.create(config_map(k="1")).data == {"k": "1", "key1": "x", "key2": "x"}


@pytest.mark.parametrize(("reinvocation", "asked"), [("Never", ["a", "b"]), ("IfNeeded", ["a", "b", "a"])])
def test_a_webhook_is_reinvoked_after_later_changes_if_it_asks_for_that(reinvocation: str, asked: list[str]) -> None:
    plane = Asked(lambda request: set_key(f"key{len(data_in(request))}"))
    plane.create(changing("a", reinvocation))
    plane.create(changing("b"))
    plane.create(config_map(k="1"))
    assert [one.url.partition("//")[2][0] for one in plane.calls] == asked


def test_only_webhooks_before_a_change_are_reinvoked() -> None:
    def add_once(request: Request) -> dict[str, object]:
        return {} if "same" in data_in(request) else set_key("same")

    plane = Asked(add_once)
    for name, reinvocation in (("a", "IfNeeded"), ("b", "Never"), ("c", "IfNeeded"), ("d", "Never")):
        plane.create(changing(name, reinvocation))
    plane.calls.clear()
    assert plane.create(config_map(k="1")).data == {"k": "1", "same": "x"}
    assert [one.url.partition("//")[2][0] for one in plane.calls] == ["a", "b", "c", "d"]


def test_plug_ins_run_again_after_a_webhook_has_changed_the_object() -> None:
    container = {"name": "mesh", "image": "mesh:1"}
    patch = msgspec.json.encode([{"op": "add", "path": "/spec/containers/-", "value": container}])
    plane = Asked(lambda _: {"patchType": "JSONPatch", "patch": patch})
    item = LimitRangeItem(type="Container", default={"cpu": "100m"})
    plane.create(LimitRange(metadata=ObjectMeta(name="l", namespace="default"), spec=LimitRangeSpec(limits=(item,))))
    found = changing("mesh")
    plane.create(replace(found, webhooks=(replace(found.webhooks[0], rules=(of_pods("CREATE"),)),)))
    plane.with_account()
    made = plane.create(pod("a"))
    assert [one.resources.limits for one in made.spec.containers] == [{"cpu": "100m"}, {"cpu": "100m"}]
    assert len(plane.calls) == 1


def test_validating_webhooks_are_called_concurrently() -> None:
    plane = Asked(deny_bad)
    plane.ask(lambda: Patient(wanted=2))
    plane.create(replace(validating(hook()), webhooks=(hook(), hook(name="x.example.com"))))
    assert refusal(plane.try_create(config_map())).message == 'admission webhook "w.example.com" denied the request: no'


class Slow(Actor[CallWebhook]):
    """A program that takes five seconds; then it allows everything, or fails."""

    def __init__(self, error: str) -> None:
        self.error = error

    @handle
    async def call(self, message: CallWebhook) -> WebhookReply:
        await self.ctx.sleep(5)
        response = {"uid": request_in(message)["uid"], "allowed": True}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        return WebhookReply(body=msgspec.json.encode(review), error=self.error)


class Client(Actor[Create]):
    """Passes on a request."""

    def __init__(self, server: Ref[Create]) -> None:
        self.server = server

    @handle
    async def create(self, message: Create) -> Result | Status:
        return await self.server.ask(message)


@pytest.mark.parametrize("error", ["", "connection refused"])
@pytest.mark.parametrize(
    "configuration", [validating(hook(failure_policy="Ignore")), changing("a", failure_policy="Ignore")]
)
@pytest.mark.parametrize("restarts", [False, True])
def test_a_request_is_cancelled_if_its_client_restarts_while_a_webhook_is_called(
    configuration: TypedObject, error: str, *, restarts: bool
) -> None:
    plane = Asked(deny_bad)
    plane.ask(lambda: Slow(error))
    plane.create(configuration)
    client = plane.sim.spawn(lambda: Client(plane.server), name="client")
    client.tell(plane.creating(config_map()))
    plane.sim.run(1)
    if restarts:
        plane.sim.crash(client, RuntimeError("broken"))
    plane.sim.run(10)
    assert plane.names(ConfigMap) == ([] if restarts else ["a"])


@pytest.mark.parametrize(("policy", "passes"), [("Fail", False), ("Ignore", True)])
def test_an_invalid_patch_is_a_failed_call(policy: str, *, passes: bool) -> None:
    plane = Asked(lambda _: {"patchType": "JSONPatch", "patch": b'{"op": "add"}'})
    found = changing("a")
    plane.create(replace(found, webhooks=(replace(found.webhooks[0], failure_policy=policy),)))
    reply = plane.try_create(config_map(k="1"))
    assert isinstance(reply, Result) == passes
    if not passes:
        assert refusal(reply).message.startswith(
            'Internal error occurred: failed calling webhook "a.example.com": received undecodable patch in webhook '
        )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"uid": "other"}, 'received invalid webhook response: expected response.uid="$uid", got "other"'),
        (set_key("k"), "received invalid webhook response: validating webhook may not return response.patch"),
    ],
)
def test_an_invalid_response_is_a_failed_call(answer: dict[str, object], why: str) -> None:
    plane = Asked(lambda _: answer)
    plane.create(validating(hook()))
    refused = refusal(plane.try_create(config_map()))
    said = why.replace("$uid", str(request_in(plane.calls[0])["uid"]))
    assert (refused.code, refused.message) == (
        500,
        f'Internal error occurred: failed calling webhook "w.example.com": {said}',
    )


@pytest.mark.parametrize(("policy", "passes"), [("Fail", False), ("Ignore", True)])
def test_an_unreachable_webhook_follows_the_failure_policy(policy: str, *, passes: bool) -> None:
    plane = Plane()
    plane.create(validating(hook(failure_policy=policy)))
    reply = plane.try_create(config_map())
    assert isinstance(reply, Result) == passes
    if not passes:
        assert refusal(reply).message.startswith(
            'Internal error occurred: failed calling webhook "w.example.com": failed to call webhook: Post '
        )


def behind(name: str) -> ValidatingWebhook:
    service = ServiceReference(namespace="default", name=name, path="/check")
    return hook(client_config=WebhookClientConfig(service=service, ca_bundle=b"PEM"))


def with_service(plane: Plane, address: str) -> None:
    port = ServicePort(name="https", port=443, target_port=8443)
    spec = ServiceSpec(ports=(port,), selector={"app": "hook"})
    plane.create(Service(metadata=ObjectMeta(name="hook", namespace="default"), spec=spec))
    plane.create(
        EndpointSlice(
            metadata=ObjectMeta(name="hook-1", namespace="default", labels={"kubernetes.io/service-name": "hook"}),
            address_type="IPv4",
            endpoints=(Endpoint(addresses=(address,), conditions=EndpointConditions(ready=True)),),
            ports=(EndpointPort(name="https", port=8443, protocol="TCP"),),
        )
    )


def test_a_webhook_service_is_called_at_a_ready_pod_under_the_service_name() -> None:
    plane = Asked(deny_bad)
    with_service(plane, "127.128.0.9")
    plane.create(validating(behind("hook")))
    plane.create(config_map())
    (call,) = plane.calls
    assert call.url == "https://127.128.0.9:8443/check?timeout=10s"
    assert (call.server_name, call.authority) == ("hook.default.svc", b"PEM")


def test_a_webhook_service_of_simulated_pods_allows_everything() -> None:
    plane = Asked(deny_bad)
    with_service(plane, "10.244.1.9")
    plane.create(validating(behind("hook")))
    plane.create(config_map(bad="1"))
    assert plane.calls == []


def test_a_missing_webhook_service_is_a_failed_call() -> None:
    plane = Asked(deny_bad)
    plane.create(validating(behind("nosuch")))
    assert refusal(plane.try_create(config_map())).message == (
        'Internal error occurred: failed calling webhook "w.example.com": failed to call webhook: service "nosuch" not found'
    )


def test_webhooks_are_not_called_about_webhook_configurations() -> None:
    plane = Asked(lambda _: {"allowed": False})
    everything = RuleWithOperations(api_groups=("*",), api_versions=("*",), operations=("*",), resources=("*/*",))
    plane.create(validating(hook(rules=(everything,))))
    plane.delete(ValidatingWebhookConfiguration, "v")
    plane.create(config_map())
    assert plane.calls == []


def of_autoscalers(version: str) -> RuleWithOperations:
    return replace(
        CONFIG_MAPS, api_groups=("autoscaling",), api_versions=(version,), resources=("horizontalpodautoscalers",)
    )


def test_a_webhook_sees_and_changes_the_version_in_its_rule() -> None:
    asked: list[Request] = []

    def widen(request: Request) -> dict[str, object]:
        asked.append(request)
        patch = b'[{"op": "replace", "path": "/spec/metrics/0/resource/target/averageUtilization", "value": 70}]'
        return {"patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}

    plane = Asked(widen)
    found = changing("w")
    plane.create(replace(found, webhooks=(replace(found.webhooks[0], rules=(of_autoscalers("v2"),)),)))
    target = CrossVersionObjectReference(kind="Deployment", name="web", api_version="apps/v1")
    spec = HorizontalPodAutoscalerSpec(scale_target_ref=target, max_replicas=3, target_cpu_utilization_percentage=50)
    made = plane.create(HorizontalPodAutoscaler(metadata=ObjectMeta(name="web", namespace="default"), spec=spec))
    assert made.spec.target_cpu_utilization_percentage == 70
    (request,) = asked
    assert request["kind"] == {"group": "autoscaling", "version": "v2", "kind": "HorizontalPodAutoscaler"}
    assert request["requestKind"] == {"group": "autoscaling", "version": "v1", "kind": "HorizontalPodAutoscaler"}


def test_a_webhook_with_exact_matching_is_not_called_for_other_versions() -> None:
    plane = Asked(lambda _: {"allowed": False})
    plane.create(validating(hook(rules=(of_autoscalers("v2"),), match_policy="Exact")))
    target = CrossVersionObjectReference(kind="Deployment", name="web", api_version="apps/v1")
    spec = HorizontalPodAutoscalerSpec(scale_target_ref=target, max_replicas=3)
    plane.create(HorizontalPodAutoscaler(metadata=ObjectMeta(name="web", namespace="default"), spec=spec))
    assert plane.calls == []
