"""`kubeactors demo`: the tour of a cluster in less than half a minute."""

import tempfile
import time
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path

import anyio
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.core.v1 import Node, Pod, Service
from kubeactors.apimachinery.status import qualified
from kubeactors.cli.loop import run
from kubeactors.cli.tables import kubectl_table
from kubeactors.cluster import Cluster, ClusterSpec, NodePool
from kubeactors.cluster.conditions import holds
from kubeactors.cluster.spec import QUICK

NODES, RACKS = 6, 3
DEPLOYMENTS = ("web", "api", "cache")
PATIENCE_SECONDS = 20.0


def demo() -> int:
    """Boot a durable cluster, deploy a shop, scale it, roll it out, cut the power of a rack, and watch the recovery."""
    run(_demo)
    return 0


async def _demo() -> None:
    console = Console(highlight=False)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="kubeactors-demo-") as directory:
        pool = NodePool(count=NODES, racks=RACKS, start_latency_seconds=0.3)
        spec = ClusterSpec(nodes=pool, data_dir=Path(directory), timing=QUICK)
        async with Cluster(spec=spec) as cluster:
            tour = _Tour(cluster, console)
            await tour.walk()
    console.print(f"\nThat took {time.perf_counter() - began:.1f} s. Now try it with your own kubectl:\n")
    console.print("  kubeactors up &")
    console.print("  export KUBECONFIG=~/.local/share/kubeactors/kubeconfig")
    console.print("  kubectl create deployment hello --image=example/hello --replicas=3", soft_wrap=True)
    console.print("  kubectl get pods --watch")


class _Tour:
    """Runs the steps in turn; each waits until the cluster has reached the state that it shows."""

    def __init__(self, cluster: Cluster, console: Console) -> None:
        self._cluster = cluster
        self._console = console
        self._client = cluster.client
        self._dark: tuple[str, ...] = ()

    async def walk(self) -> None:
        """The whole tour."""
        await self._boot()
        await self._deploy()
        await self._scale()
        await self._roll()
        await self._lose_a_rack()
        await self._power_returns()

    async def _boot(self) -> None:
        self._say(f"A control plane of actors with its state in SQLite, and {NODES} nodes in {RACKS} racks")
        await self._until("nodes Ready", self._nodes_ready)
        await self._show(Node)

    async def _deploy(self) -> None:
        self._say("kubectl apply -f shop.yaml")
        manifest = files("kubeactors.cli").joinpath("shop.yaml").read_text(encoding="utf-8")
        for obj in await self._cluster.apply(manifest):
            group = obj.api_version.rpartition("/")[0]
            self._console.print(f"{qualified(obj.kind.lower(), group)}/{obj.metadata.name} created")
        await self._until("all pods Running", self._rolled_out)
        await self._show(Deployment)
        await self._show(Service)

    async def _scale(self) -> None:
        self._say("kubectl scale deployment/web --replicas=8")
        await self._client.patch(Deployment, "web", {"spec": {"replicas": 8}}, "default")
        await self._until("web has 8 pods", self._rolled_out)
        await self._show(Pod, wide=True)

    async def _roll(self) -> None:
        self._say("kubectl set image deployment/web web=shop/web:2.0")
        containers = [{"name": "web", "image": "shop/web:2.0"}]
        patch = {"spec": {"template": {"spec": {"containers": containers}}}}
        await self._client.patch(Deployment, "web", patch, "default")
        await self._until("the new version is rolled out", self._rolled_out)
        await self._show(Deployment)

    async def _lose_a_rack(self) -> None:
        rack, names = next(iter((await self._cluster.racks()).items()))
        self._dark = names
        self._say(f"{rack} loses power: {', '.join(names)}")
        self._cluster.power_off(names)
        await self._until("the nodes are NotReady", self._dark_nodes_noticed)
        await self._show(Node)
        await self._until("their pods run elsewhere", self._moved)
        await self._show(Deployment)

    async def _power_returns(self) -> None:
        self._say("power is restored")
        self._cluster.power_on(self._dark)
        self._dark = ()
        await self._until("all nodes Ready again", self._nodes_ready)
        await self._show(Node)

    # Conditions.

    async def _nodes_ready(self) -> bool:
        nodes = (await self._client.list(Node)).items
        return sum(holds(node, "Ready") for node in nodes) == NODES

    async def _rolled_out(self) -> bool:
        deployments = [await self._client.get(Deployment, name, "default") for name in DEPLOYMENTS]
        return all(holds(one, "Complete") for one in deployments)

    async def _dark_nodes_noticed(self) -> bool:
        nodes = [await self._client.get(Node, name) for name in self._dark]
        return not any(holds(node, "Ready") for node in nodes)

    async def _moved(self) -> bool:
        pods = (await self._client.list(Pod, "default")).items
        here = [pod for pod in pods if pod.spec.node_name in self._dark and not pod.metadata.deletion_timestamp]
        return not here and await self._rolled_out()

    # Output.

    def _say(self, what: str) -> None:
        self._console.print(f"\n[bold]{what}[/bold]")

    async def _show(self, kind: type[Node | Pod | Deployment | Service], *, wide: bool = False) -> None:
        objects = (await self._client.list(kind, "" if kind is Node else "default")).items
        for line in kubectl_table(objects, self._wall(), wide=wide):
            whole = not self._console.is_terminal
            self._console.print(f"  {line}", soft_wrap=whole, no_wrap=True, overflow="crop")

    async def _until(self, what: str, reached: Callable[[], Awaitable[bool]]) -> None:
        began = time.perf_counter()
        with (
            Live(console=self._console, transient=True, auto_refresh=False) as live,
            anyio.fail_after(PATIENCE_SECONDS),
        ):
            while not await reached():
                if self._console.is_terminal:
                    live.update(await self._picture(what, time.perf_counter() - began), refresh=True)
                await anyio.sleep(0.05)
        self._console.print(f"[green]✓[/green] {what}, after {time.perf_counter() - began:.1f} s")

    async def _picture(self, what: str, elapsed: float) -> Panel:
        """The racks, and the pods on each node."""
        pods = (await self._client.list(Pod, "default")).items
        table = Table(box=None, padding=(0, 2))
        grid: list[list[Text]] = []
        for rack, names in (await self._cluster.racks()).items():
            table.add_column(rack)
            grid.append([_node(name, pods, dark=name in self._dark) for name in names])
        for line in zip(*grid, strict=False):
            table.add_row(*line)
        return Panel(Group(table, Text(f"waiting for: {what}  {elapsed:.1f} s", style="dim")))

    def _wall(self) -> int:
        kernel = self._cluster.system.kernel
        return kernel.wall + kernel.now


def _node(name: str, pods: tuple[Pod, ...], *, dark: bool) -> Text:
    """A node and a letter per pod: w(eb), a(pi), c(ache); green if running, yellow if pending, red if terminating."""
    text = Text(f"{name} ", style="red" if dark else "")
    for pod in pods:
        if pod.spec.node_name == name:
            going = pod.metadata.deletion_timestamp is not None
            colour = "red" if going or dark else "green" if pod.status.phase == "Running" else "yellow"
            text.append(pod.metadata.name[0], style=colour)
    return text
