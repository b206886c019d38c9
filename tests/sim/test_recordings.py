"""Workloads from files: manifests, audit logs, plans; and the scenarios that are drawn around them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.core.v1 import ConfigMap, Namespace, Node, Pod
from kubeactors.apimachinery.requests import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from kubeactors.sim import Outcome, Plan, Simulation
from kubeactors.sim.campaigns.campaign import run_plan
from kubeactors.sim.chaos.faults import KubeletRestart
from kubeactors.sim.plan import encode
from kubeactors.sim.recordings.audit_log import AuditLogError, of_audit_log
from kubeactors.sim.recordings.drawing import alone, generate
from kubeactors.sim.recordings.files import WorkloadError, read_workload
from kubeactors.sim.recordings.manifests import of_manifest
from kubeactors.sim.workload import CreateJob, SendRequest, UserAction
from kubeactors.sim.world import World

GUESTBOOK = Path(__file__).parents[1] / "manifests" / "guestbook.yaml"

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec: {containers: [{name: web, image: example/web}]}
"""

TEAM: dict[str, object] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}

DEFINED = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: caches.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {plural: caches, singular: cache, kind: Cache}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: example.com/v1
kind: Cache
metadata: {name: c}
---
apiVersion: v1
kind: Pod
metadata: {generateName: p-, namespace: kube-system}
spec: {containers: [{name: c, image: example/c}]}
"""


def event(verb: str, resource: str, name: str, body: object = None, **more: object) -> str:
    """A line of an audit log, as kube-apiserver writes it."""
    reference: Mapping[str, object] = {"resource": resource, "namespace": "default", "name": name, "apiVersion": "v1"}
    found: dict[str, object] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request",
        "stage": "ResponseComplete",
        "requestURI": f"/api/v1/namespaces/default/{resource}/{name}",
        "verb": verb,
        "user": {"username": "kubernetes-admin"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": "2026-01-02T03:04:05.000000Z",
        **more,
    }
    found["objectRef"] = {**reference, **cast("Mapping[str, object]", more.get("objectRef", {}))}
    if body is not None:
        found["requestObject"] = body
    return json.dumps(found)


def run(steps: tuple[UserAction, ...]) -> tuple[Outcome, World]:
    """A quiet run, and what is in the store at its end."""
    simulation = Simulation(alone(steps))
    return simulation.run(), simulation.world


def test_a_manifest_is_applied_object_by_object_with_the_kinds_that_it_defines() -> None:
    told = [(one.at, one.verb, one.api_version, one.resource, one.namespace, one.name) for one in of_manifest(DEFINED)]
    assert told == [
        (0.0, "apply", "apiextensions.k8s.io/v1", "customresourcedefinitions", "", "caches.example.com"),
        (0.1, "apply", "example.com/v1", "caches", "", "c"),
        (0.2, "create", "v1", "pods", "kube-system", ""),
    ]
    outcome, _ = run(of_manifest(DEFINED))
    assert (outcome.violations, outcome.in_vain) == ((), {})


def test_an_audit_log_yields_what_users_wrote_with_success() -> None:
    body = {"kind": "ConfigMap", "metadata": {"name": "a", "uid": "1", "resourceVersion": "7"}, "data": {"x": "1"}}
    lines = [
        event("create", "configmaps", "a", body, responseStatus={"code": 201}),
        event("create", "configmaps", "b", body, responseStatus={"code": 409}),
        event("create", "configmaps", "c", body, stage="RequestReceived"),
        event("create", "configmaps", "d", body, requestURI="/api/v1/namespaces/default/configmaps?dryRun=All"),
        event(
            "create", "pods", "e", body, user={"username": "system:serviceaccount:kube-system:replicaset-controller"}
        ),
        event("create", "pods", "f", body, objectRef={"subresource": "binding"}),
        event("update", "leases", "g", body, objectRef={"apiGroup": "coordination.k8s.io"}),
        event("get", "pods", "h"),
        event("delete", "pods", "i", requestReceivedTimestamp="2026-01-02T03:04:06.500000Z"),
    ]
    assert of_audit_log("\n".join(lines)) == (
        SendRequest(
            at=0.0,
            verb="create",
            api_version="v1",
            resource="configmaps",
            namespace="default",
            name="a",
            body={"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"}},
        ),
        SendRequest(at=1.5, verb="delete", api_version="v1", resource="pods", namespace="default", name="i"),
    )


def test_long_pauses_of_an_audit_log_are_shortened() -> None:
    lines = [
        event("delete", "pods", "a", requestReceivedTimestamp=f"2026-01-02T{at}.000000Z")
        for at in ("03:00:00", "03:00:10", "09:00:00")
    ]
    assert [one.at for one in of_audit_log("\n".join(lines))] == [0.0, 10.0, 70.0]


@pytest.mark.parametrize(
    ("body", "more", "patch_type"),
    [
        ([{"op": "remove", "path": "/data"}], {}, JSON_PATCH),
        ({"data": {}}, {}, STRATEGIC_MERGE_PATCH),
        ({"spec": {}}, {"objectRef": {"apiGroup": "example.com"}}, MERGE_PATCH),
        ({"apiVersion": "v1", "kind": "X"}, {"requestURI": "/x?fieldManager=kubectl&force=true"}, APPLY_PATCH),
        ({"data": {}}, {"annotations": {"kubeactors.io/patch-type": MERGE_PATCH}}, MERGE_PATCH),
    ],
)
def test_the_type_of_a_recorded_patch_is_told_by_the_patch(
    body: object, more: dict[str, object], patch_type: str
) -> None:
    (found,) = of_audit_log(event("patch", "configmaps", "a", body, **more))
    assert (found.body, found.patch_type) == (body, patch_type)


def test_recorded_nodes_are_named_as_those_of_the_simulator() -> None:
    cordon = {"spec": {"unschedulable": True}}
    lines = [event("patch", "nodes", name, cordon) for name in ("ip-10-0-0-7", "ip-10-0-0-9", "ip-10-0-0-7")]
    found = of_audit_log("\n".join(lines))
    assert [one.name for one in found] == ["node-1", "node-2", "node-1"]
    _, world = run(tuple(one for one in found if one.name == "node-2"))
    assert [one.metadata.name for one in world.of(Node).values() if one.spec.unschedulable] == ["node-2"]


def test_a_recorded_deletion_of_a_namespace_deletes_it() -> None:
    """Its event names it as its own namespace, too."""
    made = SendRequest(at=0.0, verb="apply", api_version="v1", resource="namespaces", name="team", body=TEAM)
    (gone,) = of_audit_log(event("delete", "namespaces", "team", objectRef={"namespace": "team"}))
    outcome, world = run((made, replace(gone, at=5.0)))
    assert (outcome.violations, outcome.in_vain, world.find(Namespace, "team", "")) == ((), {}, None)


def test_a_recorded_deletion_of_a_generated_name_concerns_a_pod_of_the_same_workload() -> None:
    gone = SendRequest(
        at=10.0, verb="delete", api_version="v1", resource="pods", namespace="default", name="web-7c5ddbdf54-x2x4q"
    )
    outcome, world = run((*of_manifest(WEB), gone))
    assert (outcome.violations, outcome.actions) == ((), {"apply deployments": 1, "delete pods": 1})
    created = [commit for commit in world.log_of(Pod) if commit.old is None]
    assert (len(created), len(world.of(Pod))) == (3, 2)


def test_a_recorded_request_that_is_invalid_in_this_run_is_no_violation() -> None:
    """A JSON patch, as of `kubectl rollout undo`, may suppose what a controller has not written yet."""
    undo = [{"op": "replace", "path": "/metadata/annotations/another", "value": "1"}]
    (patch,) = of_audit_log(event("patch", "deployments", "web", undo, objectRef={"apiGroup": "apps"}))
    outcome, _ = run((*of_manifest(WEB), replace(patch, at=1.0)))
    assert (outcome.violations, outcome.in_vain) == ((), {"patch deployments": 1})


def test_an_update_replaces_what_is_there_whatever_its_recorded_version() -> None:
    body: dict[str, object] = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": {"x": "1"}}
    create = SendRequest(at=0.0, verb="create", api_version="v1", resource="configmaps", namespace="default", body=body)
    update = SendRequest(
        at=1.0,
        verb="update",
        api_version="v1",
        resource="configmaps",
        namespace="default",
        name="a",
        body={**body, "data": {"y": "2"}},
    )
    outcome, world = run((create, update))
    found = world.find(ConfigMap, "a")
    assert (outcome.violations, found and found.data) == ((), {"y": "2"})


def test_recorded_owners_are_those_of_this_run() -> None:
    """Or the garbage collector would delete the object: the recorded UID is nobody's."""
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "of-another-run"}
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a", "ownerReferences": [owner]}}
    (create,) = of_audit_log(event("create", "configmaps", "a", body))
    _, world = run((*of_manifest(WEB), replace(create, at=5.0)))
    kept, live = world.find(ConfigMap, "a"), world.find(Deployment, "web")
    assert kept is not None
    assert live is not None
    assert [one.uid for one in kept.metadata.owner_references] == [live.metadata.uid]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (event("get", "pods", "a"), "the audit log has no successful write request of a user"),
        (event("delete", "pods", "a") + "\n{", "line 2: this is no event of an audit log: Input data was truncated"),
        (
            event("create", "pods", "a"),
            "line 1: the create of pods has no requestObject; record with level Request or RequestResponse",
        ),
    ],
)
def test_an_audit_log_that_cannot_be_replayed_says_why(text: str, message: str) -> None:
    with pytest.raises(AuditLogError) as told:
        of_audit_log(text)
    assert str(told.value) == message


def test_files_of_all_kinds_follow_one_another(tmp_path: Path) -> None:
    job = CreateJob(at=1.0, name="batch", completions=1, parallelism=1)
    plan = Plan(steps=(job, KubeletRestart(at=2.0, node="node-1")))
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "audit.log").write_text(event("delete", "pods", "a"))
    (tmp_path / "plan.jsonl").write_text(encode(plan))
    found = read_workload(tmp_path / name for name in ("web.yaml", "audit.log", "plan.jsonl"))
    assert [(one.at, one.counted_as) for one in found] == [
        (0.0, "apply deployments"),
        (0.1, "delete pods"),
        (1.2, "create-job"),
    ]


def test_a_file_without_a_workload_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match=r"nope.yaml cannot be read: No such file or directory"):
        read_workload([tmp_path / "nope.yaml"])
    (tmp_path / "x.yaml").write_text("kind: Nothing\napiVersion: v1\n")
    with pytest.raises(WorkloadError, match=r'x.yaml: document 1: unknown kind "Nothing" in version "v1"'):
        read_workload([tmp_path / "x.yaml"])


def test_a_seed_decides_what_happens_around_a_workload() -> None:
    given = of_manifest(GUESTBOOK)
    plans = [generate(given, seed) for seed in range(20)]
    assert plans == [generate(given, seed) for seed in range(20)]
    assert all(one in plan.steps for plan in plans for one in given)
    assert len({encode(one.with_steps(one.steps[len(given) :])) for one in plans}) == len(plans)
    assert generate(given, 3, ()).faults == ()


def test_a_workload_that_was_recorded_is_not_followed_by_more_user_actions() -> None:
    lines = "\n".join(event("delete", "pods", str(number)) for number in range(3))
    given = of_audit_log(lines)
    for seed in range(10):
        plan = generate(given, seed)
        assert [one for one in plan.steps if one not in plan.faults] == [*given]


def test_a_guestbook_survives_faults_and_its_users() -> None:
    given = of_manifest(GUESTBOOK)
    outcomes = [run_plan(generate(given, seed)) for seed in range(5)]
    assert [one.violations for one in outcomes] == [()] * 5
    assert {what for one in outcomes for what in one.actions} > {"apply deployments", "apply services", "drain"}
