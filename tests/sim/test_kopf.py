"""The handlers of a kopf operator, run and fuzzed in the simulator."""

import anyio
import kopf
import pytest
from kopf._core.intents.registries import OperatorRegistry

from kubeactors.actor import ForeignAwait
from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.status import AlreadyExists
from kubeactors.apimachinery.unstructured import Unstructured, type_of_kind
from kubeactors.client import Client
from kubeactors.sim import ClusterView, OperatorClient, OperatorError, fuzz
from kubeactors.sim.chaos.faults import ControllerCrash, StaleRestart
from kubeactors.sim.grammar import Source
from kubeactors.sim.operators.fuzzing import Fuzz
from kubeactors.sim.operators.kopf_handlers import FINALIZER, kopf_handlers
from kubeactors.sim.plan import AnyStep, Plan
from kubeactors.sim.workload import OwnAction

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shops.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: shops, singular: shop, kind: Shop}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
Shop = type_of_kind("example.com/v1", "Shop")

registry = OperatorRegistry()
calls: list[str] = []


@kopf.on.create("shops", registry=registry)
async def opened(name: str, namespace: str | None, **others: object) -> str:
    calls.append("opened")
    client = others["client"]
    assert isinstance(client, OperatorClient)
    try:
        await client.create(ConfigMap(metadata=ObjectMeta(name=name, namespace=namespace or ""), data={"open": "yes"}))
    except AlreadyExists:
        return "again"
    return "first"


@kopf.on.create("shops", registry=registry)
def painted(retry: int, patch: kopf.Patch, **_: object) -> None:
    calls.append(f"painted {retry}")
    if not retry:
        raise kopf.TemporaryError("the paint is wet", delay=5.0)
    patch.spec["color"] = "red"


@kopf.on.update("shops", registry=registry, field="spec.size")
def resized(old: object, new: object, **_: object) -> None:
    calls.append(f"resized {old} to {new}")


@kopf.on.resume("shops", registry=registry)
def resumed(memo: kopf.Memo, **_: object) -> None:
    calls.append(f"resumed {'seen' in memo}")
    memo.seen = True


@kopf.on.delete("shops", registry=registry)
async def closed(name: str, namespace: str | None, **others: object) -> None:
    calls.append("closed")
    client = others["client"]
    assert isinstance(client, OperatorClient)
    if await client.find(ConfigMap, name, namespace or "") is not None:
        await client.delete(ConfigMap, name, namespace or "")


@kopf.timer("shops", registry=registry, interval=30.0, initial_delay=10.0)
def counted(**_: object) -> None:
    calls.append("counted")


async def open_shop(client: Client) -> None:
    await client.create(Shop(metadata=ObjectMeta(name="a", namespace="default"), fields={"spec": {"size": 1}}))


async def resize(client: Client, size: int) -> None:
    await client.patch(Shop, "a", {"spec": {"size": size}}, "default", patch_type="application/merge-patch+json")


async def close_shop(client: Client) -> None:
    await client.delete(Shop, "a", "default")


def shops_have_config(cluster: ClusterView) -> None:
    found = [one.metadata.name for one in cluster.list(ConfigMap, "default") if one.data.get("open")]
    assert found == [one.metadata.name for one in cluster.list(Shop)]


def sizes(source: Source) -> dict[str, object]:
    return {"size": source.integer(1, 3)}


@fuzz(
    kopf_handlers(registry),
    watches="shops",
    crds=CRD,
    actions={open_shop: {}, close_shop: {}, resize: sizes},
    kinds=["watch-lag", "reply-lost", "conflicts", "stale-restart", "controller-crash"],
    scenarios=12,
)
def test_a_kopf_operator_survives_faults(cluster: ClusterView) -> None:
    shops_have_config(cluster)


def run(*steps: AnyStep) -> Unstructured | None:
    """The final shop; the handlers' calls are in `calls`."""
    calls.clear()
    campaign: object = test_a_kopf_operator_survives_faults.__dict__["fuzz"]
    assert isinstance(campaign, Fuzz)
    simulation = campaign.simulation(Plan(steps=steps))
    assert simulation.run(100.0).violations == ()
    return simulation.world.find(Shop, "a")


def act(at: float, name: str, **arguments: object) -> OwnAction:
    return OwnAction(at=at, name=name, arguments=arguments)


def test_handlers_are_called_as_kopf_does_and_each_until_it_has_succeeded() -> None:
    shop = run(act(1.0, "open_shop"), act(20.0, "resize", size=3))
    assert shop is not None
    assert [one for one in calls if one != "counted"] == ["opened", "painted 0", "painted 1", "resized 1 to 3"]
    assert calls.count("counted") == 3
    assert shop.at("spec", "color") == "red"
    assert shop.at("status", "opened") == "first"
    assert shop.metadata.finalizers == (FINALIZER,)
    assert list(shop.metadata.annotations) == ["kopf.zalando.org/last-handled-configuration"]


def test_a_deletion_waits_for_its_handlers() -> None:
    assert run(act(1.0, "open_shop"), act(20.0, "close_shop")) is None
    assert calls[-1] == "closed"


def test_a_restarted_operator_resumes_with_an_empty_memo() -> None:
    again = StaleRestart(at=30.0, component="operator", after=0.1, seconds=0.1)
    run(act(1.0, "open_shop"), again)
    assert [one for one in calls if one.startswith("resumed")] == ["resumed False"]


def test_a_handler_that_has_succeeded_is_not_called_again_after_a_crash() -> None:
    crash = ControllerCrash(at=2.0, controller="reconciler", component="operator", process=True)
    run(act(1.0, "open_shop"), crash)
    assert calls.count("opened") == 1
    assert "painted 1" in calls


watching = OperatorRegistry()
heard: list[str] = []
slow_calls: list[str] = []


@kopf.on.event("shops", registry=watching)
def seen(type: str | None, spec: kopf.Spec, **_: object) -> None:  # noqa: A002 -- as kopf calls it
    heard.append(f"{type} {spec.get('size')}")


@kopf.on.create("shops", registry=watching)
async def slowly(name: str, **others: object) -> None:
    client = others["client"]
    assert isinstance(client, OperatorClient)
    slow_calls.append(f"begins with {name}")
    await client.sleep(5.0)
    slow_calls.append(f"is done with {name}")


async def open_two_shops(client: Client) -> None:
    for name in ("a", "b"):
        await client.create(Shop(metadata=ObjectMeta(name=name, namespace="default"), fields={"spec": {"size": 1}}))


watched = fuzz(
    kopf_handlers(watching),
    watches="shops",
    crds=CRD,
    actions={open_shop: {}, open_two_shops: {}, close_shop: {}, resize: sizes},
    nodes=1,
)(shops_have_config)


def run_watched(*steps: AnyStep) -> None:
    campaign: object = watched.__dict__["fuzz"]
    assert isinstance(campaign, Fuzz)
    heard.clear()
    slow_calls.clear()
    assert campaign.simulation(Plan(nodes=1, steps=steps)).run(100.0).violations == ()


def test_event_handlers_get_each_event_with_its_type_and_object() -> None:
    run_watched(act(1.0, "open_shop"), act(20.0, "resize", size=3), act(40.0, "close_shop"))
    assert heard[0] == "ADDED 1"
    assert heard[-1] == "DELETED 3"
    assert list(dict.fromkeys(heard)) == ["ADDED 1", "MODIFIED 1", "MODIFIED 3", "DELETED 3"]


def test_objects_of_the_initial_list_have_no_event_type_and_are_resumed_not_created() -> None:
    again = StaleRestart(at=30.0, component="operator", after=0.1, seconds=0.1)
    run_watched(act(1.0, "open_shop"), again)
    assert heard[0] == "ADDED 1"
    assert heard[-1] == "None 1"
    assert heard.count("None 1") == 1
    assert slow_calls == ["begins with a", "is done with a"]


def test_event_handlers_are_not_called_by_timers() -> None:
    run_watched(act(1.0, "open_shop"))
    assert len(heard) <= 3  # it came, and was written of as handled


def test_events_after_one_whose_patch_is_rejected_are_still_handled() -> None:
    other = OperatorRegistry()
    told: list[str] = []

    @kopf.on.event("shops", registry=other)
    def marked(type: str | None, spec: kopf.Spec, patch: kopf.Patch, **_: object) -> None:  # noqa: A002 -- as kopf calls it
        told.append(f"{type} {spec.get('size')}")
        if spec.get("size") == 2:
            patch.spec["seen"] = True  # refused: by then there is another shop of this name

    kopf.on.create("shops", registry=other)(slowly)
    made: object = fuzz(
        kopf_handlers(other),
        watches="shops",
        crds=CRD,
        actions={open_shop: {}, close_shop: {}, resize: sizes},
        nodes=1,
    )(shops_have_config).__dict__["fuzz"]
    assert isinstance(made, Fuzz)
    while_it_is_slow = (act(2.0, "resize", size=2), act(3.0, "close_shop"), act(4.0, "open_shop"))
    steps = (act(1.0, "open_shop"), *while_it_is_slow)
    assert made.simulation(Plan(nodes=1, steps=steps)).run(100.0).violations == ()
    assert list(dict.fromkeys(told)) == ["ADDED 1", "MODIFIED 2", "DELETED 2", "MODIFIED 1"]
    assert told.count("ADDED 1") == 2


def test_objects_are_handled_concurrently_as_in_kopf() -> None:
    run_watched(act(1.0, "open_two_shops"))
    assert slow_calls[:2] == ["begins with a", "begins with b"]
    assert sorted(slow_calls[2:]) == ["is done with a", "is done with b"]


def test_a_timer_keeps_an_object_until_kopf_removes_its_finalizer() -> None:
    other = OperatorRegistry()
    kopf.timer("shops", registry=other, interval=30.0)(idle)
    made: object = fuzz(kopf_handlers(other), watches="shops", crds=CRD, actions=[open_shop, close_shop], nodes=1)(
        shops_have_config
    ).__dict__["fuzz"]
    assert isinstance(made, Fuzz)
    opened_only, closed_too = (act(1.0, "open_shop"),), (act(1.0, "open_shop"), act(10.0, "close_shop"))
    there, gone = made.simulation(Plan(nodes=1, steps=opened_only)), made.simulation(Plan(nodes=1, steps=closed_too))
    assert there.run(20.0).violations == gone.run(20.0).violations == ()
    shop = there.world.find(Shop, "a")
    assert shop is not None
    assert shop.metadata.finalizers == (FINALIZER,)
    assert gone.world.find(Shop, "a") is None


def idle(**_: object) -> None:
    """A timer that does nothing."""


def test_daemons_and_empty_registries_are_rejected() -> None:
    other = OperatorRegistry()
    with pytest.raises(OperatorError, match="has no handlers"):
        kopf_handlers(other)

    @kopf.daemon("shops", registry=other)
    def watcher(**_: object) -> None: ...

    with pytest.raises(OperatorError, match=r"daemons cannot be simulated: .*watcher"):
        kopf_handlers(other)


def test_a_handler_that_awaits_something_else_is_named() -> None:
    other = OperatorRegistry()

    @kopf.on.create("shops", registry=other)
    async def sleepy(**_: object) -> None:
        await anyio.sleep(1.0)

    made = fuzz(kopf_handlers(other), watches="shops", crds=CRD, actions=[open_shop])(shops_have_config)
    campaign: object = made.__dict__["fuzz"]
    assert isinstance(campaign, Fuzz)
    with pytest.raises(ForeignAwait, match=r"sleepy awaits anyio.*test_kopf.py:\d+"):
        campaign.run_plan(Plan(steps=(act(1.0, "open_shop"),)))
