"""Users with few rights, as kubectl sees them."""

from pathlib import Path

import pytest

from tests.kubectl.conftest import Kubectl

pytestmark = pytest.mark.kubectl

FORBIDDEN = "Error from server (Forbidden): "


@pytest.fixture
def somebody(kubectl: Kubectl, namespace: str, tmp_path: Path) -> Kubectl:
    """kubectl with the token of a service account of the namespace, which nobody has given any rights."""
    kubectl("create", "serviceaccount", "somebody", "-n", namespace)
    token = kubectl("create", "token", "somebody", "-n", namespace).strip()
    server = kubectl("config", "view", "--raw", "-o", "jsonpath={.clusters[0].cluster.server}")
    authority = kubectl("config", "view", "--raw", "-o", "jsonpath={.clusters[0].cluster.certificate-authority-data}")
    kubeconfig = tmp_path / "somebody"
    kubeconfig.write_text(
        f"""
apiVersion: v1
kind: Config
current-context: it
clusters: [{{name: it, cluster: {{server: "{server}", certificate-authority-data: "{authority}"}}}}]
contexts: [{{name: it, context: {{cluster: it, user: it, namespace: "{namespace}"}}}}]
users: [{{name: it, user: {{token: "{token}"}}}}]
"""
    )
    return Kubectl(kubectl.program, kubeconfig)


@pytest.mark.parametrize("gone", ["secret/t", "serviceaccount/somebody"])
def test_the_token_in_a_secret_is_its_accounts_until_one_of_them_goes(
    kubectl: Kubectl, somebody: Kubectl, namespace: str, gone: str
) -> None:
    secret = """
apiVersion: v1
kind: Secret
metadata: {name: t, annotations: {kubernetes.io/service-account.name: somebody}}
type: kubernetes.io/service-account-token
"""
    kubectl("create", "-n", namespace, "-f", "-", text=secret)
    kubectl("wait", "-n", namespace, "secret/t", "--for=jsonpath={.data.namespace}", "--timeout=10s")
    described = kubectl("describe", "secret", "t", "-n", namespace)
    assert f"namespace:  {len(namespace)} bytes" in described
    token = described.rpartition("token:")[2].split()[0]
    who = ("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
    somebody("config", "set-credentials", "it", f"--token={token}")
    assert somebody(*who) == f"system:serviceaccount:{namespace}:somebody"
    review = f"""
apiVersion: authentication.k8s.io/v1
kind: TokenReview
spec: {{token: {token}}}
"""
    known = ("create", "-f", "-", "-o", "jsonpath={.status.authenticated}")
    assert kubectl(*known, text=review) == "true"
    kubectl("delete", gone, "-n", namespace)
    assert kubectl(*known, text=review) in {"", "false"}
    refused = somebody.run(*who)
    assert refused.returncode == 1
    assert "Unauthorized" in refused.stderr or "must be logged in" in refused.stderr


def grant(kubectl: Kubectl, namespace: str, *role: str) -> None:
    kubectl("create", "rolebinding", "given", "-n", namespace, f"--serviceaccount={namespace}:somebody", *role)


def test_who_is_bound_to_a_role_in_a_namespace_touches_nothing_else(
    kubectl: Kubectl, somebody: Kubectl, namespace: str
) -> None:
    kubectl("create", "role", "keeper", "-n", namespace, "--verb=get,list,create,delete", "--resource=configmaps")
    grant(kubectl, namespace, "--role=keeper")
    somebody("create", "configmap", "mine", "--from-literal=a=b")
    assert "mine" in somebody("get", "configmaps")
    for refused in (
        ("get", "configmaps", "-n", "default"),
        ("get", "configmaps", "-A"),
        ("get", "pods"),
        ("get", "nodes"),
        ("get", "namespaces"),
        ("label", "configmap", "mine", "a=b"),
        ("create", "configmap", "theirs", "-n", "kube-system"),
        ("delete", "namespace", namespace),
        ("create", "rolebinding", "more", "--clusterrole=cluster-admin", f"--serviceaccount={namespace}:somebody"),
    ):
        done = somebody.run(*refused)
        assert (done.returncode, "forbidden" in done.stderr.lower()) == (1, True), (refused, done.stderr)
    somebody("delete", "configmap", "mine")
    kubectl("delete", "rolebinding", "given", "-n", namespace)
    assert somebody.run("get", "configmaps").stderr.startswith(FORBIDDEN)


def test_a_view_reads_but_neither_writes_nor_sees_secrets(kubectl: Kubectl, somebody: Kubectl, namespace: str) -> None:
    grant(kubectl, namespace, "--clusterrole=view")
    somebody("get", "pods,deployments,services,events")
    who = f"system:serviceaccount:{namespace}:somebody"
    assert somebody.run("get", "secrets").stderr == (
        f'{FORBIDDEN}secrets is forbidden: User "{who}" cannot list resource "secrets" in API group "" '
        f'in the namespace "{namespace}"\n'
    )
    assert somebody.run("run", "x", "--image=x").stderr == (
        f'{FORBIDDEN}pods is forbidden: User "{who}" cannot create resource "pods" in API group "" '
        f'in the namespace "{namespace}"\n'
    )


def test_kubectl_tells_what_may_be_done(kubectl: Kubectl, somebody: Kubectl, namespace: str) -> None:
    grant(kubectl, namespace, "--clusterrole=edit")
    answers = {
        question: somebody.run("auth", "can-i", *question.split()).stdout.strip()
        for question in ("create deployments", "create deployments -n default", "get nodes", "get /api", "get /metrics")
    }
    assert answers == {
        "create deployments": "yes",
        "create deployments -n default": "no",
        "get nodes": "no",
        "get /api": "yes",
        "get /metrics": "no",
    }
    listed = somebody("auth", "can-i", "--list")
    assert "deployments.apps" in listed
    assert "selfsubjectreviews.authentication.k8s.io" in listed
    assert kubectl("auth", "can-i", "*", "*").strip() == "yes"
    as_somebody = f"--as=system:serviceaccount:{namespace}:somebody"
    assert kubectl("auth", "can-i", "create", "pods", "-n", namespace, as_somebody).strip() == "yes"


def test_kubectl_tells_who_one_is(kubectl: Kubectl, somebody: Kubectl, namespace: str) -> None:
    mine = somebody("auth", "whoami")
    assert f"system:serviceaccount:{namespace}:somebody" in mine
    assert f"system:serviceaccounts:{namespace}" in mine
    assert "kubernetes-admin" in kubectl("auth", "whoami")
    assert "joe" in kubectl("auth", "whoami", "--as=joe", "--as-group=g")


def test_roles_are_reconciled_by_kubectl(kubectl: Kubectl, namespace: str, tmp_path: Path) -> None:
    path = tmp_path / "role.yaml"
    path.write_text(
        f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: made, namespace: {namespace}}}
rules: [{{apiGroups: [""], resources: [pods], verbs: [get]}}]
"""
    )
    assert "reconciled" in kubectl("auth", "reconcile", "-f", str(path))
    assert "pods" in kubectl("describe", "role", "made", "-n", namespace)
    assert "cluster-admin" in kubectl("get", "clusterroles")
