"""A rack loses power, and leaders are lost, while people look on with kubectl."""

from pathlib import Path

import anyio
import pytest

from kubeactors import Cluster
from kubeactors.cluster.spec import QUICK, ClusterSpec, NodePool
from tests.kubectl.conftest import Kubectl, find_kubectl, ready, rows, stop, up

pytestmark = pytest.mark.kubectl

SPEC = ClusterSpec(
    nodes=NodePool(count=4, racks=2, start_latency_seconds=0.0),
    timing=QUICK,
    power_switch=True,
    schedulers=2,
    controller_managers=2,
)
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 6
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      tolerations:
      - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
      containers: [{name: web, image: example/web}]
"""


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_ran_in_a_dark_rack_runs_elsewhere_and_comes_back_with_the_light(tmp_path: Path) -> None:
    program, kubeconfig = find_kubectl(), tmp_path / "kubeconfig"

    async def kubectl(*arguments: str, text: str | None = None) -> str:
        done = await anyio.run_process(
            [program, f"--kubeconfig={kubeconfig}", *arguments],
            input=None if text is None else text.encode(),
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    async with Cluster(spec=SPEC) as cluster, cluster.serve(tmp_path / "pki", port=0, kubeconfig=kubeconfig):
        await kubectl("apply", "-f", "-", text=WEB)
        await kubectl("rollout", "status", "deployment/web", "--timeout=20s")
        dark = (await kubectl("get", "nodes", "-l", "topology.kubernetes.io/rack=rack-1", "-o", "name")).split()
        assert len(dark) == 2
        await kubectl("annotate", *dark, "kubeactors.io/power=off")
        await kubectl("wait", *dark, "--for=condition=Ready=Unknown", "--timeout=20s")
        await kubectl("rollout", "status", "deployment/web", "--timeout=30s")
        where = (await kubectl("get", "pods", "--field-selector=status.phase=Running", "-o", "wide")).splitlines()[1:]
        running = [line for line in where if "Terminating" not in line]
        assert len(running) == 6
        assert not [line for line in running if any(name.partition("/")[2] in line.split() for name in dark)]
        await kubectl("annotate", *dark, "kubeactors.io/power-")
        await kubectl("wait", *dark, "--for=condition=Ready", "--timeout=20s")
        assert "NodeNotReady" in await kubectl("get", "events", "-A")


def test_up_notices_a_dark_rack_as_soon_as_it_is_told_to(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    process = up("--in-memory", "--kubeconfig", str(kubeconfig), "--node-monitor-grace-seconds", "2")
    try:
        ready(process)
        kubectl = Kubectl(find_kubectl(), kubeconfig)
        kubectl("apply", "-f", "-", text=WEB)
        kubectl("rollout", "status", "deployment/web", "--timeout=20s")
        kubectl("annotate", "nodes", "-l", "topology.kubernetes.io/rack=rack-1", "kubeactors.io/power=off")
        kubectl("wait", "node/node-1", "--for=condition=Ready=Unknown", "--timeout=20s")
        assert rows(kubectl("get", "nodes"))[0][:2] == ["node-1", "NotReady"]
        kubectl("wait", "deployment/web", "--for=jsonpath={.status.availableReplicas}=6", "--timeout=30s")
        told = kubectl("describe", "node", "node-1")
        assert "NodeStatusUnknown" in told
        assert "node.kubernetes.io/unreachable:NoExecute" in told
        lost = kubectl("get", "pods", "--field-selector=spec.nodeName=node-1", "-o", "name").split()[0]
        refused = "error dialing backend: dial tcp node-1:10250: connect: no route to host\n"
        for command in (("exec", lost, "--", "ls"), ("port-forward", lost, "0:80")):
            assert kubectl.run(*command).stderr.endswith(refused)
        assert "connect: no route to host" in kubectl.run("logs", lost).stderr
        running = kubectl("get", "pods", "--field-selector=spec.nodeName!=node-1,status.phase=Running", "-o", "name")
        assert len(running.split()) == 6
    finally:
        assert stop(process) == 0
