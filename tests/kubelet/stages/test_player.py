"""Stages of nodes and pods in a whole control plane, in virtual time."""

from collections.abc import Callable, Iterator
from functools import partial

import msgspec
import pytest

from kubeactors.actor import Ref, SimSystem
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Container, Event, Node, Pod, PodSpec
from kubeactors.apimachinery import yamltext
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import ADMIN, Create, Delete, List, ListResult
from kubeactors.client.transport import ApiMessage
from kubeactors.cluster.machines import PowerOff, PowerOn
from kubeactors.cluster.manifest import documents
from kubeactors.cluster.plane import ControlPlane, GetApiServer, GetMachines
from kubeactors.cluster.spec import QUICK, ClusterSpec, NodePool
from kubeactors.kubelet.stages import Stage
from kubeactors.storage.backends.memory import MemoryBackend

STAGES = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: node-comes}
spec:
  resourceRef: {kind: Node}
  selector:
    matchExpressions:
    - {key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: NotIn, values: ["True"]}
  next:
    statusTemplate: |
      {{ $now := Now }}
      conditions:
      {{ range NodeConditions }}
      - {type: {{ .type | Quote }}, status: {{ .status | Quote }}, reason: {{ .reason }}, lastHeartbeatTime: {{ $now | Quote }}}
      {{ end }}
      addresses:
      - {type: InternalIP, address: {{ NodeIP | Quote }}}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-runs}
spec:
  resourceRef: {kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
    - {key: .status.podIP, operator: DoesNotExist}
  delay:
    durationMilliseconds: 5000
    durationFrom: {expressionFrom: '.metadata.annotations["example.com/delay"]'}
  next:
    event: {type: Normal, reason: Played, message: it runs}
    finalizers: {add: [{value: example.com/kept}]}
    statusTemplate: |
      {{ $now := Now }}
      phase: Running
      hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
      podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) | Quote }}
      startTime: {{ $now | Quote }}
      containerStatuses:
      {{ range .spec.containers }}
      - name: {{ .name | Quote }}
        image: {{ .image | Quote }}
        ready: true
        restartCount: 0
        state: {running: {startedAt: {{ $now | Quote }}}}
      {{ end }}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-goes}
spec:
  resourceRef: {kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: Exists}
    - {key: '.metadata.finalizers.[]', operator: In, values: [example.com/kept]}
  delay: {durationMilliseconds: 2000}
  steps:
  - finalizers: {empty: true}
  - delete: true
"""


def stages() -> tuple[Stage, ...]:
    return tuple(msgspec.json.decode(yamltext.to_json(one)[0], type=Stage) for one in documents(STAGES))


class Played:
    def __init__(self, played: tuple[Stage, ...]) -> None:
        self.sim = SimSystem(seed=1)
        spec = ClusterSpec(nodes=NodePool(count=2), stages=played, timing=QUICK)
        self.plane = self.sim.spawn(partial(ControlPlane, spec, MemoryBackend()), name="cluster")
        self.server: Ref[ApiMessage] = self.sim.ask(self.plane, GetApiServer())

    def all(self, type_: type[TypedObject]) -> list[TypedObject]:
        found = self.sim.ask(self.server, List(resource=SCHEME.by_type(type_).gvr, user=ADMIN))
        assert isinstance(found, ListResult)
        return [one for one in found.items if isinstance(one, TypedObject)]

    def pod(self) -> Pod | None:
        return next((one for one in self.all(Pod) if isinstance(one, Pod)), None)

    def create(self, annotations: dict[str, str] | None = None) -> None:
        metadata = ObjectMeta(name="a", namespace="default", annotations=annotations or {})
        pod = Pod(metadata=metadata, spec=PodSpec(containers=(Container(name="c", image="i:1"),)))
        self.sim.ask(self.server, Create(resource=SCHEME.by_type(Pod).gvr, namespace="default", object=pod, user=ADMIN))

    def until(self, condition: Callable[[], bool], within: float) -> float:
        """Return the virtual seconds until the condition holds, to a tenth."""
        begun = self.sim.now
        while not condition():
            self.sim.run(0.1)
            assert self.sim.now - begun < within * 10**9, "it does not come to be"
        return (self.sim.now - begun) / 10**9

    def ready(self) -> list[str]:
        return [
            one.metadata.name
            for one in self.all(Node)
            if isinstance(one, Node)
            and any(each.type == "Ready" and each.status == "True" for each in one.status.conditions)
        ]


@pytest.fixture
def played() -> Iterator[Played]:
    made = Played(stages())
    made.until(lambda: len(made.ready()) == 2, 10)
    yield made
    made.sim.shutdown()


def test_a_pod_runs_and_is_removed_as_its_stages_declare(played: Played) -> None:
    played.create()
    seconds = played.until(lambda: (pod := played.pod()) is not None and pod.status.phase == "Running", 30)
    assert 5.0 <= seconds < 6.0
    pod = played.pod()
    assert pod is not None
    assert pod.metadata.finalizers == ("example.com/kept",)
    assert pod.status.pod_ip.startswith("10.128.")
    assert [one.ready for one in pod.status.container_statuses] == [True]
    assert "Played" in [one.reason for one in played.all(Event) if isinstance(one, Event)]
    played.sim.ask(played.server, Delete(resource=SCHEME.by_type(Pod).gvr, namespace="default", name="a", user=ADMIN))
    assert 2.0 <= played.until(lambda: played.pod() is None, 10) < 3.0


def test_a_pod_can_set_the_delays_of_its_stages(played: Played) -> None:
    played.create({"example.com/delay": "1m"})
    seconds = played.until(lambda: (pod := played.pod()) is not None and pod.status.phase == "Running", 90)
    assert 60.0 <= seconds < 61.0


def test_nodes_stay_ready_for_hours(played: Played) -> None:
    played.sim.run(2 * 3600.0)
    assert played.ready() == ["node-1", "node-2"]


def test_a_node_without_power_becomes_unreachable_and_recovers(played: Played) -> None:
    machines = played.sim.ask(played.plane, GetMachines())
    machines.tell(PowerOff(("node-1",)))
    played.until(lambda: played.ready() == ["node-2"], 30)
    machines.tell(PowerOn(("node-1",)))
    played.until(lambda: played.ready() == ["node-1", "node-2"], 30)


def test_nodes_without_a_stage_are_ready_from_the_start() -> None:
    played = Played(stages()[1:])
    played.until(lambda: len(played.ready()) == 2, 10)
    played.sim.shutdown()
