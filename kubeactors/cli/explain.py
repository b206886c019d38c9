"""`kubeactors explain-scheduling`: why a pod went to a node, or did not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import quote

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from kubeactors.api import SCHEME
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.cli.errors import UsageError, said
from kubeactors.cli.scheduler_config import scheduler_configuration
from kubeactors.cli.server import Server, usual_kubeconfig
from kubeactors.cli.up import default_data_dir
from kubeactors.scheduler import Explanation, NodeVerdict
from kubeactors.scheduler.config import DEFAULT_CONFIG, read
from kubeactors.scheduler.picture import KINDS, Picture

T = TypeVar("T", bound=TypedObject)

PAGE = 500


class _Metadata(msgspec.Struct, frozen=True):
    after: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct, frozen=True):
    items: tuple[msgspec.Raw, ...] | None = None
    metadata: _Metadata = _Metadata()


def explain_scheduling(
    pod: str,
    /,
    *,
    namespace: Annotated[str, Parameter(name=["--namespace", "-n"], help="Namespace of the pod.")] = "default",
    kubeconfig: Annotated[
        Path | None, Parameter(help="Kubeconfig; by default $KUBECONFIG, or the one in the data directory.")
    ] = None,
    scheduler_config: Annotated[Path | None, Parameter(help="KubeSchedulerConfiguration file.")] = None,
    output: Literal["text", "json"] = "text",
) -> int:
    """Show how each scheduler plugin filters and scores each node for a pod, as if the pod had no node yet.

    Exit code 1: no node fits the pod.
    """
    config = read(scheduler_configuration(scheduler_config)) if scheduler_config else DEFAULT_CONFIG
    server = Server(kubeconfig or usual_kubeconfig(default_data_dir()))
    picture = Picture((one for kind in KINDS for one in all_of(kind, server)), config)
    try:
        found = picture.explain(pod, namespace)
    except LookupError as error:
        raise UsageError(said(error)) from error
    if found is None:
        raise UsageError(f'there is no pod "{pod}" in the namespace "{namespace}"')
    if output == "json":
        print(msgspec.json.encode(found).decode())
    else:
        show(found, Console(highlight=False))
    return 1 if found.message or found.gate else 0


def all_of(kind: type[T], server: Server) -> Iterator[T]:
    """All objects of a kind, in all namespaces, read in pages."""
    resource = SCHEME.resource_of(kind)
    prefix = f"/apis/{resource.group}" if resource.group else "/api"
    path, after = f"{prefix}/{resource.version}/{resource.resource}?limit={PAGE}", ""
    while True:
        page = msgspec.json.decode(server.get(f"{path}&continue={quote(after)}" if after else path), type=_Page)
        for one in page.items or ():
            yield msgspec.json.decode(one, type=kind)
        after = page.metadata.after
        if not after:
            return


def show(found: Explanation, console: Console) -> None:
    """Print the pod in one line, then a line for each node."""
    console.print(f"pod {found.pod}: {_summary(found)}", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("NODE", "SCORE", "WHY"):
        table.add_column(column, justify="right" if column == "SCORE" else "left", no_wrap=column != "WHY")
    for one in found.nodes:
        table.add_row(one.node, "-" if one.total is None else str(one.total), _why(one))
    console.print(table)


def _summary(found: Explanation) -> str:
    if found.gate:
        return found.gate
    if found.node:
        return f"is on {found.node}"
    if found.message:
        return found.message
    best = [one.node for one in found.nodes if one.total == found.nodes[0].total]
    return f"would go to {best[0]}" if len(best) == 1 else f"would go to one of {', '.join(best)}"


def _why(one: NodeVerdict) -> str:
    if one.refusals:
        return "; ".join(f"{plugin}: {reason}" for plugin, reason in one.refusals.items())
    return " ".join(f"{plugin} {score}" for plugin, score in one.scores.items())
