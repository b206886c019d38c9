"""Pods that talk to the API server as their own service accounts."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Kubectl

pytestmark = pytest.mark.kubectl

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"

OPERATOR = """
apiVersion: v1
kind: Pod
metadata: {name: operator}
spec:
  serviceAccountName: %s
  terminationGracePeriodSeconds: 1
  containers:
  - name: operator
    image: python://tests.kubectl.programs:operator
    args: [pods, secrets]
    env: [{name: SERVER, value: "%s"}]
"""


@pytest.fixture
def account(kubectl: Kubectl, namespace: str) -> str:
    """An account that may list and watch pods."""
    where = ("-n", namespace)
    kubectl("create", "serviceaccount", "operator", *where)
    kubectl("create", "role", "reader", "--verb=get,list,watch", "--resource=pods", *where)
    kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:operator", *where)
    return f"system:serviceaccount:{namespace}:operator"


@pytest.fixture
def followed(kubectl: Kubectl, namespace: str, account: str) -> Iterator["subprocess.Popen[str]"]:
    """The log of a pod that asks for pods and Secrets."""
    server = kubectl("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
    kubectl("apply", "-n", namespace, "-f", "-", text=OPERATOR % (account.rpartition(":")[2], server))
    kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/operator", "--timeout=30s")
    process = kubectl.start("logs", "-f", "operator", "-n", namespace)
    yield process
    process.kill()
    process.communicate()


def test_code_in_a_pod_does_what_its_account_may_do_and_no_more(
    followed: "subprocess.Popen[str]", namespace: str, account: str
) -> None:
    assert followed.stdout is not None
    assert followed.stdout.readline() == "['operator']\n"
    assert followed.stdout.readline() == (
        f'secrets is forbidden: User "{account}" cannot list resource "secrets" in API group ""'
        f' in the namespace "{namespace}"\n'
    )


def test_the_token_of_a_simulated_pod_is_one_that_the_server_believes(
    kubectl: Kubectl, namespace: str, account: str, tmp_path: Path
) -> None:
    where = ("-n", namespace)
    overrides = json.dumps({"spec": {"serviceAccountName": "operator"}})
    kubectl("run", "sim", "--image=nginx", *where, "--overrides", overrides)
    kubectl("wait", *where, "--for=condition=Ready", "pod/sim", "--timeout=30s")
    token = kubectl("exec", *where, "sim", "--", "cat", TOKEN)
    assert kubectl("exec", *where, "sim", "--", "cat", TOKEN) == token
    server, authority = (
        kubectl("config", "view", "--minify", "--raw", "-o", f"jsonpath={{.clusters[0].cluster.{field}}}")
        for field in ("server", "certificate-authority-data")
    )
    config = {
        "clusters": [{"name": "c", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "namespace": namespace}}],
        "current-context": "c",
    }
    path = tmp_path / "config"
    path.write_text(json.dumps(config))
    anybody = (f"--kubeconfig={path}", f"--token={token}")
    assert kubectl("get", "pods", "-o", "name", *anybody) == "pod/sim\n"
    refused = kubectl.run("get", "secrets", *anybody)
    assert f'User "{account}" cannot list resource "secrets"' in refused.stderr


SHELL = """
cd /var/run/secrets/kubernetes.io/serviceaccount
pods=https://kubernetes.default.svc/api/v1/namespaces/$(cat namespace)/pods
curl -sS $pods; echo $?
curl -sS --cacert ca.crt $pods | grep message
curl -sS --cacert ca.crt -H "Authorization: Bearer $(cat token)" $pods | grep '"kind": "Pod'
curl -sS --cacert ca.crt -H "Authorization: Bearer $(cat token)" "$pods?watch=1&timeoutSeconds=1" | cut -c-15
curl -sS --cacert ca.crt -H "Authorization: Bearer $(cat token)" -X DELETE $pods/shell | grep reason
"""


def test_a_shell_in_a_pod_calls_the_api_server_with_curl(kubectl: Kubectl, namespace: str, account: str) -> None:
    """As "Accessing the Kubernetes API from a Pod" in Kubernetes' documentation does."""
    overrides = json.dumps({"spec": {"serviceAccountName": account.rpartition(":")[2]}})
    where = ("-n", namespace)
    kubectl("run", "shell", *where, "--image=busybox", f"--overrides={overrides}", "--command", "--", "sleep", "1000")
    kubectl("wait", *where, "--for=condition=Ready", "pod/shell", "--timeout=30s")
    lines = kubectl("exec", "-i", "shell", *where, "--", "sh", text=SHELL).splitlines()
    message = (
        r'"message": "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\"'
        rf' in the namespace \"{namespace}\""'
    )
    assert [one.strip().rstrip(",") for one in lines] == [
        "60",
        message,
        '"kind": "PodList"',
        '{"type":"ADDED"',
        '"reason": "Forbidden"',
    ]
