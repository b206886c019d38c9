"""What people do with helm, 3 or 4, against `kubeactors up`. Left out where helm is not on PATH."""

import json
import shutil

import pytest

from tests.kubectl.conftest import Kubectl, manifest

pytestmark = pytest.mark.kubectl
CHART = manifest("shop").removesuffix(".yaml")


@pytest.fixture
def helm(kubectl: Kubectl, namespace: str) -> Kubectl:
    """Helm, run as kubectl is. The chart's release `shop` is installed."""
    program = shutil.which("helm")
    if program is None:
        pytest.skip("helm is not on PATH")
    made = kubectl.beside(program)
    made("install", "shop", CHART, "-n", namespace, "--wait", "--timeout=40s")
    return made


def test_a_chart_comes_up_with_its_hooks_and_tests(kubectl: Kubectl, helm: Kubectl, namespace: str) -> None:
    status = helm.json("status", "shop", "-n", namespace)["info"]
    assert isinstance(status, dict)
    assert status["status"] == "deployed"
    ended = "jsonpath={range .items[*]}{.metadata.name} {.status.succeeded}{'\\n'}{end}"
    assert kubectl("get", "jobs", "-n", namespace, "-o", ended) == "post 1\npre 1\n"
    assert kubectl("get", "shelves", "-n", namespace, "-o", "jsonpath={.items[*].spec.opens}") == "TUESday"
    tested = helm("test", "shop", "-n", namespace, "--logs")
    assert "Phase:          Succeeded" in tested
    assert "runs image example/page:1" in tested


def test_an_upgrade_that_fails_is_rolled_back_and_an_old_revision_is_returned_to(
    kubectl: Kubectl, helm: Kubectl, namespace: str
) -> None:
    def revisions() -> list[str]:
        found = json.loads(helm("history", "shop", "-n", namespace, "-o", "json"))
        return [one["status"] for one in found]

    key = "jsonpath={.data.key}"
    before = kubectl("get", "secret", "key", "-n", namespace, "-o", key)
    upgrade = ("upgrade", "shop", CHART, "-n", namespace)
    helm(*upgrade, "--set", "replicas=2", "--wait", "--timeout=40s")
    assert kubectl("get", "secret", "key", "-n", namespace, "-o", key) == before
    failed = helm.run(*upgrade, "--set", "image=example/page:does-not-exist", "--atomic", "--timeout=6s")
    assert "has been rolled back" in failed.stderr
    assert revisions() == ["superseded", "superseded", "failed", "deployed"]
    helm("rollback", "shop", "1", "-n", namespace, "--wait", "--timeout=40s")
    assert kubectl("get", "deployment", "page", "-n", namespace, "-o", "jsonpath={.spec.replicas}") == "1"

    helm("uninstall", "shop", "-n", namespace, "--wait", "--timeout=40s")
    assert kubectl("get", "deployments,services,shelves,secrets", "-n", namespace) == ""
