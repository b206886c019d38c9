"""Static validation of a scenario: finds out before it runs that it cannot work. Pure.

Only certain errors are reported: whether pods fit is up to the scheduler, but more than the total capacity never fits.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TypeAlias

from kubeactors.api.core.v1 import PodSpec
from kubeactors.api.core.v1.demand import CPU, MEMORY, amount, demand
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.words import nearest
from kubeactors.cluster.bench.dump import DumpError, dump_of
from kubeactors.cluster.bench.scenario import Churn, Create, NodeGroup, PodShape, PowerOff, Scale, Scenario, Update
from kubeactors.cluster.bench.workload import WorkloadError, pod_spec
from kubeactors.cluster.machines import kubelet_configs
from kubeactors.cluster.spec import NodePool
from kubeactors.kubelet.stages import StageError, compiled
from kubeactors.scheduler.config import read as read_profiles
from kubeactors.scheduler.configuration import ConfigurationError

Room: TypeAlias = dict[str, int]
"""By resource, in thousandths of CPUs and in whole units."""


def refusal(scenario: Scenario) -> str:
    """Why the scenario cannot run, in one sentence; empty if there is no error."""
    return next(_objections(scenario), "")


def _objections(scenario: Scenario) -> Iterator[str]:
    yield from _wrong_imports(scenario)
    if not all_pools(scenario):
        yield "nodes: a scenario needs at least one node"
    if not scenario.steps:
        yield "steps: a scenario needs at least one step"
    yield from _wrong_stages(scenario)
    if scenario.scheduler is not None:
        yield from _wrong_scheduler(scenario.scheduler)
    for place, group in enumerate(scenario.nodes):
        yield from _wrong_shape(group, f"nodes[{place}]")
    yield from _same_names(scenario)
    yield from _wrong_references(scenario)
    yield from _wrong_templates(scenario)
    yield from _no_room(scenario)


def all_pools(scenario: Scenario) -> tuple[NodePool, ...]:
    """The nodes of a scenario, including imported ones.

    Raises:
        DumpError: a file to import is not a dump.
        OSError: it cannot be read.
    """
    imported = (dump_of(one).pools for one in scenario.imports)
    return (*(group.pool() for group in scenario.nodes), *chain.from_iterable(imported))


def _wrong_imports(scenario: Scenario) -> Iterator[str]:
    for place, step in enumerate(scenario.steps):
        if step.import_ is not None:
            try:
                dump_of(step.import_)
            except DumpError as error:
                yield f"steps[{place}].import.file: {error}"
            except OSError as error:
                yield f"steps[{place}].import.file: {step.import_.file}: {error.strerror}"


def _wrong_stages(scenario: Scenario) -> Iterator[str]:
    try:
        compiled(scenario.played)
    except StageError as error:
        yield f"stages: {error}"


def _wrong_scheduler(configuration: Mapping[str, object]) -> Iterator[str]:
    try:
        read_profiles(configuration)
    except ConfigurationError as error:
        yield f"scheduler: {str(error).removeprefix('scheduler configuration: ')}"


def _wrong_shape(group: NodeGroup, path: str) -> Iterator[str]:
    for name, text in {"cpu": group.cpu, "memory": group.memory, **group.resources}.items():
        yield from _wrong_quantity(str(text), f"{path}.{name}")


def _wrong_quantity(text: str, path: str) -> Iterator[str]:
    try:
        if quantity.sign(text) <= 0:
            yield f"{path}: {text} is no amount that a machine or a pod could have"
    except quantity.QuantityError:
        yield f'{path}: "{text}" is no quantity; write it as in a manifest, such as 500m or 2Gi'


def _same_names(scenario: Scenario) -> Iterator[str]:
    try:
        list(kubelet_configs(all_pools(scenario), scenario.clockwork.timing()))
    except ValueError as error:
        yield f"nodes: {error}"
    seen: dict[str, int] = {}
    for place, step in enumerate(scenario.steps):
        shape = step.create or step.churn
        if shape is not None and shape.name in seen:
            yield f'steps[{place}]: steps[{seen[shape.name]}] creates "{shape.name}" already; choose another name'
        if shape is not None:
            seen[shape.name] = place


def _wrong_references(scenario: Scenario) -> Iterator[str]:
    created: dict[str, Create] = {}
    pools = [group.name for group in scenario.nodes]
    for place, step in enumerate(scenario.steps):
        match step.action:
            case Create() as wave:
                created[wave.name] = wave
            case Scale() | Update() as change:
                yield from _wrong_change(change, created, f"steps[{place}]")
            case PowerOff() as off if off.pool and off.pool not in pools:
                yield f'steps[{place}].powerOff.pool: no nodes are called "{off.pool}"; {nearest(off.pool, pools)}'
            case PowerOff() as off if not (off.racks or off.nodes or off.count):
                yield f"steps[{place}].powerOff: name racks or nodes, or say how many with count"
            case _:
                pass


def _wrong_change(change: Scale | Update, created: Mapping[str, Create], path: str) -> Iterator[str]:
    wave, what = created.get(change.name), type(change).__name__.lower()
    if wave is None:
        yield f'{path}.{what}.name: nothing before it creates "{change.name}"; {nearest(change.name, list(created))}'
    elif wave.kind in ("Pod", "Job") or (wave.kind == "ReplicaSet" and isinstance(change, Update)):
        yield f"{path}.{what}: a {wave.kind} cannot be {'scaled' if what == 'scale' else 'updated'}"


def _wrong_templates(scenario: Scenario) -> Iterator[str]:
    for place, step in enumerate(scenario.steps):
        shape, path = step.create or step.churn, f"steps[{place}].{'create' if step.create else 'churn'}"
        if shape is None:
            continue
        yield from _wrong_quantity(str(shape.cpu), f"{path}.cpu")
        yield from _wrong_quantity(str(shape.memory), f"{path}.memory")
        if isinstance(shape, Create) and shape.kind == "Pod" and shape.replicas != 1:
            yield f"{path}.replicas: a Pod is one; use count"
        try:
            pod_spec(shape)
        except WorkloadError as error:
            yield f"{path}.template: {error}"


def _no_room(scenario: Scenario) -> Iterator[str]:
    """A pod that is larger than every node, or more pods at a time than all nodes have room for."""
    capacities = [(pool, _capacity(pool)) for pool in all_pools(scenario)]
    total: Room = {}
    for pool, room in capacities:
        total = {name: total.get(name, 0) + len(pool.names()) * room.get(name, 0) for name in total | room}
    pods: dict[str, int] = {}
    needs: dict[str, Room] = {}
    for place, step in enumerate(scenario.steps):
        path = f"steps[{place}]"
        match step.action:
            case Create() | Churn() as shape:
                needs[shape.name] = _need(pod_spec(shape))
                yield from _too_large(shape, needs[shape.name], capacities, path)
                pods[shape.name] = _pods_of(shape)
            case Scale() as change:
                wave = next((one for one in scenario.waves if one.name == change.name), None)
                pods[change.name] = change.replicas * (wave.count if wave is not None else 1)
            case _:
                continue
        yield from _too_many(pods, needs, total, path)
        pods = {name: count for name, count in pods.items() if name not in _passing(scenario)}


def _passing(scenario: Scenario) -> dict[str, None]:
    """The waves that end with their step."""
    waves = {one.name: None for one in scenario.waves if one.kind == "Job"}
    return waves | {step.churn.name: None for step in scenario.steps if step.churn is not None}


def _pods_of(shape: Create | Churn) -> int:
    """The number of pods that certainly exist at a time: those of a Job may run one after the other."""
    if isinstance(shape, Churn):
        return 1
    return 1 if shape.kind == "Job" else shape.count * shape.replicas


def _capacity(pool: NodePool) -> Room:
    return {name: amount(name, text) for name, text in (pool.capacity() | pool.allocatable).items()}


def _need(spec: PodSpec) -> Room:
    asked = demand(spec)
    return {CPU: asked.milli_cpu, MEMORY: asked.memory, **dict(asked.others), "pods": 1}


def _too_large(shape: PodShape, need: Room, capacities: list[tuple[NodePool, Room]], path: str) -> Iterator[str]:
    for name, size in need.items():
        if all(room.get(name, 0) < size for _, room in capacities):
            largest = max(room.get(name, 0) for _, room in capacities)
            yield (
                f'{path}: a pod of "{shape.name}" asks for {_text(name, size)} of {name}, '
                f"and the largest node has {_text(name, largest)}"
            )


def _too_many(pods: Mapping[str, int], needs: Mapping[str, Room], total: Room, path: str) -> Iterator[str]:
    for name, there in total.items():
        asked = sum(count * needs[one].get(name, 0) for one, count in pods.items() if one in needs)
        if asked > there:
            wanted, has = _text(name, asked), f"{there:,} pods" if name == "pods" else _text(name, there)
            subject = f"there are to be {asked:,} pods" if name == "pods" else f"pods ask for {wanted} of {name}"
            yield f"{path}: {subject} at one time; all nodes together have room for {has}"


def _text(name: str, size: int) -> str:
    return (
        quantity.of_milli(size)
        if name == CPU
        else quantity.of(size, quantity.BINARY_SI if name == MEMORY else quantity.DECIMAL_SI)
    )
