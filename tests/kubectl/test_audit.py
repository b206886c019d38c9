"""The audit log of what kubectl does."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from kubeactors.sim.campaigns.campaign import run_plan
from kubeactors.sim.recordings.drawing import alone
from kubeactors.sim.recordings.files import read_workload
from tests.kubectl.conftest import Kubectl, find_kubectl, ready, stop, up

pytestmark = pytest.mark.kubectl

Event = dict[str, object]


class Audited:
    """A cluster with an audit log, which is complete once the cluster has stopped."""

    def __init__(self, log: Path, kubeconfig: Path, *arguments: str) -> None:
        self.kubectl = Kubectl(find_kubectl(), kubeconfig)
        self._log = log
        self._process = up(
            "--in-memory", "--nodes", "1", "--kubeconfig", str(kubeconfig), "--audit-log-path", str(log), *arguments
        )
        ready(self._process)

    def stop(self) -> list[Event]:
        """The events of the log."""
        if self._process.poll() is None:
            assert stop(self._process) == 0
        return [json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Audited]:
    cluster = Audited(tmp_path / "audit.jsonl", tmp_path / "kubeconfig")
    yield cluster
    cluster.stop()


POLICY = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- {level: None, nonResourceURLs: ["*"]}
- {level: Metadata, resources: [{resources: [secrets, pods/exec, pods/log]}], verbs: [get, create]}
- level: RequestResponse
  namespaces: [default]
  resources: [{resources: [configmaps], resourceNames: [a]}]
  omitStages: [RequestReceived]
"""


@pytest.fixture
def by_policy(tmp_path: Path) -> Iterator[Audited]:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    log = tmp_path / "audit.jsonl"
    cluster = Audited(log, tmp_path / "kubeconfig", "--audit-policy-file", str(policy))
    yield cluster
    cluster.stop()


MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
AUDIT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def steady(event: Event) -> Event:
    """The event without what differs from run to run, once that is what Kubernetes documents."""
    received, at = str(event.pop("requestReceivedTimestamp")), str(event.pop("stageTimestamp"))
    assert MICRO_TIME.fullmatch(received)
    assert MICRO_TIME.fullmatch(at)
    assert received <= at
    assert AUDIT_ID.fullmatch(str(event.pop("auditID")))
    assert str(event.pop("userAgent")).startswith("kubectl")
    user = cast("dict[str, dict[str, list[str]]]", event["user"])
    assert re.fullmatch(r"X509SHA256=\w{64}", user.pop("extra")["authentication.kubernetes.io/credential-id"][0])
    return event


def of(verb: str, uri: str, **others: object) -> Event:
    """An event of the administrator."""
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request",
        "stage": "ResponseComplete",
        "requestURI": uri,
        "verb": verb,
        "user": {"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]},
        "sourceIPs": ["127.0.0.1"],
        "responseStatus": {"metadata": {}, "code": 200},
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
        **others,
    }


def patched(media_type: str) -> dict[str, str]:
    return {
        "authorization.k8s.io/decision": "allow",
        "authorization.k8s.io/reason": "",
        "kubeactors.io/patch-type": media_type,
    }


CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
A = {"resource": "configmaps", "namespace": "default", "name": "a", "apiVersion": "v1"}
WEB = {"resource": "deployments", "namespace": "default", "name": "web", "apiGroup": "apps", "apiVersion": "v1"}
S = {"resource": "secrets", "namespace": "default", "name": "s", "apiVersion": "v1"}
APPLIED = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a, namespace: default}\ndata: {x: '2'}\n"


def test_each_write_of_a_user_is_recorded_with_what_was_sent(audited: Audited) -> None:
    kubectl = audited.kubectl
    kubectl("create", "configmap", "a", "--from-literal=x=1")
    kubectl("get", "configmaps")
    kubectl("label", "configmap", "a", "b=c")
    kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=m", "-f", "-", text=APPLIED)
    kubectl("create", "secret", "generic", "s", "--from-literal=p=q")
    kubectl("patch", "secret", "s", "--type=json", '-p=[{"op": "remove", "path": "/data"}]')
    assert kubectl.run("create", "configmap", "a").returncode == 1
    assert kubectl.run("delete", "configmap", "a", "--as=jane").returncode == 1
    kubectl("delete", "configmap", "a")
    created = f"{CONFIG_MAPS}?fieldManager=kubectl-create&fieldValidation=Strict"
    exists = {"name": "a", "kind": "configmaps"}
    events = [steady(event) for event in audited.stop()]
    status = cast("dict[str, dict[str, str]]", events[-1]["responseStatus"])
    assert status["details"].pop("uid")
    assert events == [
        of(
            "create",
            created,
            objectRef=A,
            requestObject={"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": {"x": "1"}},
            responseStatus={"metadata": {}, "code": 201},
        ),
        of(
            "patch",
            f"{CONFIG_MAPS}/a?fieldManager=kubectl-label",
            objectRef=A,
            requestObject={"metadata": {"labels": {"b": "c"}}},
            annotations=patched("application/merge-patch+json"),
        ),
        of(
            "patch",
            f"{CONFIG_MAPS}/a?fieldManager=m&fieldValidation=Strict&force=true",
            objectRef=A,
            requestObject={
                "kind": "ConfigMap",
                "apiVersion": "v1",
                "metadata": {"name": "a", "namespace": "default"},
                "data": {"x": "2"},
            },
            annotations=patched("application/apply-patch+yaml"),
        ),
        of(
            "create",
            "/api/v1/namespaces/default/secrets?fieldManager=kubectl-create&fieldValidation=Strict",
            objectRef=S,
            requestObject={
                "kind": "Secret",
                "apiVersion": "v1",
                "metadata": {"name": "s"},
                "data": {"p": "cQ=="},
            },
            responseStatus={"metadata": {}, "code": 201},
        ),
        of(
            "patch",
            "/api/v1/namespaces/default/secrets/s?fieldManager=kubectl-patch",
            objectRef=S,
            requestObject=[{"op": "remove", "path": "/data"}],
            annotations=patched("application/json-patch+json"),
        ),
        of(
            "create",
            created,
            objectRef=A,
            requestObject={"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}},
            responseStatus={
                "metadata": {},
                "status": "Failure",
                "message": 'configmaps "a" already exists',
                "reason": "AlreadyExists",
                "details": exists,
                "code": 409,
            },
        ),
        of(
            "delete",
            f"{CONFIG_MAPS}/a",
            impersonatedUser={"username": "jane", "groups": ["system:authenticated"]},
            authenticationMetadata={"impersonationConstraint": "impersonate:user-info"},
            objectRef=A,
            responseStatus={
                "metadata": {},
                "status": "Failure",
                "message": (
                    'configmaps "a" is forbidden: User "jane" cannot delete resource "configmaps" '
                    'in API group "" in the namespace "default"'
                ),
                "reason": "Forbidden",
                "details": exists,
                "code": 403,
            },
            annotations={"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": ""},
        ),
        of(
            "delete",
            f"{CONFIG_MAPS}/a",
            objectRef=A,
            requestObject={
                "kind": "DeleteOptions",
                "apiVersion": "meta.k8s.io/v1",
                "propagationPolicy": "Background",
            },
            responseStatus={"metadata": {}, "status": "Success", "details": exists, "code": 200},
        ),
    ]


def test_subresources_are_named_and_have_the_objects_that_were_sent(audited: Audited) -> None:
    kubectl = audited.kubectl
    kubectl("create", "deployment", "web", "--image=example/web")
    kubectl("scale", "deployment", "web", "--replicas=2")
    issued = kubectl("create", "token", "default").strip()
    created, scaled, token = (steady(event) for event in audited.stop())
    assert created["objectRef"] == WEB
    assert scaled == of(
        "patch",
        f"{DEPLOYMENTS}/web/scale",
        objectRef=WEB | {"subresource": "scale"},
        requestObject={"spec": {"replicas": 2}},
        annotations=patched("application/merge-patch+json"),
    )
    assert token["objectRef"] == {
        "resource": "serviceaccounts",
        "namespace": "default",
        "name": "default",
        "apiVersion": "v1",
        "subresource": "token",
    }
    assert token["annotations"] == {
        "authentication.kubernetes.io/issued-credential-id": f"JTI={id_of(issued)}",
        "authorization.k8s.io/decision": "allow",
        "authorization.k8s.io/reason": "",
    }
    assert issued not in json.dumps(token)


def id_of(token: str) -> str:
    return str(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["jti"])


def test_a_policy_says_what_is_recorded_at_which_stages(by_policy: Audited) -> None:
    kubectl = by_policy.kubectl
    kubectl("create", "secret", "generic", "s", "--from-literal=p=q")
    kubectl("create", "configmap", "a", "--from-literal=x=1")  # a creation has no name in its URL
    watching = kubectl.start("get", "configmap", "a", "--watch")
    assert watching.stdout is not None
    assert [watching.stdout.readline().split()[0] for _ in range(2)] == ["NAME", "a"]
    kubectl("annotate", "configmap", "a", "x=y")
    assert watching.stdout.readline().split()[0] == "a"  # so the watch has started
    watching.terminate()
    watching.communicate()
    kubectl("run", "p", "--image=busybox", "--restart=Never", "--", "sleep", "3")
    kubectl("wait", "pod", "p", "--for=condition=Ready", "--timeout=20s")
    assert kubectl("exec", "p", "--", "echo", "hi") == "hi\n"
    kubectl("logs", "p", "--follow")
    events = by_policy.stop()
    assert {resource: [shown(one) for one in events if of_resource(one) == resource] for resource in RESOURCES} == {
        "secrets": [
            ("Metadata", "RequestReceived", "create", None, []),
            ("Metadata", "ResponseComplete", "create", 201, []),
        ],
        "configmaps": [
            ("RequestResponse", "ResponseComplete", "get", 200, ["responseObject"]),
            ("RequestResponse", "ResponseComplete", "get", 200, ["responseObject"]),
            ("RequestResponse", "ResponseComplete", "patch", 200, ["requestObject", "responseObject"]),
        ],
        "configmaps, watched": [
            ("RequestResponse", "ResponseStarted", "watch", 200, []),
            ("RequestResponse", "ResponseComplete", "watch", 200, []),
        ],
        "pods/exec": [
            ("Metadata", "RequestReceived", "get", None, []),
            ("Metadata", "ResponseStarted", "get", 101, []),
            ("Metadata", "ResponseComplete", "get", 101, []),
        ],
        "pods/log": [
            ("Metadata", "RequestReceived", "get", None, []),
            ("Metadata", "ResponseStarted", "get", 200, []),
            ("Metadata", "ResponseComplete", "get", 200, []),
        ],
    }
    assert "managedFields" not in json.dumps(events)


RESOURCES = ("secrets", "configmaps", "configmaps, watched", "pods/exec", "pods/log")


def of_resource(event: Event) -> str:
    reference = cast("dict[str, str]", event["objectRef"])
    watched = ", watched" if event["verb"] == "watch" else ""
    return "/".join(reference[key] for key in ("resource", "subresource") if key in reference) + watched


def shown(event: Event) -> tuple[object, ...]:
    code = cast("dict[str, object]", event.get("responseStatus", {})).get("code")
    objects = [key for key in ("requestObject", "responseObject") if key in event]
    return event["level"], event["stage"], event["verb"], code, objects


def test_what_users_did_is_repeated_in_the_simulator(audited: Audited, tmp_path: Path) -> None:
    kubectl = audited.kubectl
    kubectl("create", "namespace", "team")
    kubectl("create", "deployment", "hello", "--namespace", "team", "--image=example/hello", "--replicas=3")
    kubectl("rollout", "status", "deployment/hello", "--namespace", "team", "--timeout=60s")
    kubectl("scale", "deployment/hello", "--namespace", "team", "--replicas=2")
    kubectl("set", "image", "deployment/hello", "--namespace", "team", "hello=example/hello:2")
    kubectl("rollout", "status", "deployment/hello", "--namespace", "team", "--timeout=60s")
    kubectl("rollout", "undo", "deployment/hello", "--namespace", "team")
    (pod, *_) = kubectl("get", "pods", "--namespace", "team", "--output", "name").split()
    kubectl("delete", pod, "--namespace", "team", "--wait=false")
    kubectl("delete", "namespace", "team", "--wait=false")
    audited.stop()
    outcome = run_plan(alone(read_workload([tmp_path / "audit.jsonl"])))
    assert (outcome.violations, outcome.in_vain) == ((), {})
    assert outcome.actions == {
        "create namespaces": 1,
        "create deployments": 1,
        "patch deployments/scale": 1,
        "patch deployments": 2,
        "delete pods": 1,
        "delete namespaces": 1,
    }
