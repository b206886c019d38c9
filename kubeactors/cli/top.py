"""`kubeactors top`: the busiest actors of a running `kubeactors up`."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from kubeactors.actor import Snapshot
from kubeactors.actor.top import By, Key, View, view_of
from kubeactors.apiserver.http.documents import ACTORS
from kubeactors.cli.errors import UsageError
from kubeactors.cli.server import Server, usual_kubeconfig
from kubeactors.cli.up import default_data_dir

WIDE = 160
"""The width in columns if output is not a terminal."""
ALL = 1_000_000


def top(  # noqa: PLR0913 -- the options of the command
    *,
    kubeconfig: Annotated[
        Path | None, Parameter(help="Kubeconfig; by default $KUBECONFIG, or the one in the data directory.")
    ] = None,
    by: Annotated[By, Parameter(help="One row per class of actors, or per actor.")] = "class",
    sort: Annotated[Key, Parameter(help="Column to sort by, in descending order.")] = "busy",
    interval: Annotated[float, Parameter(help="Seconds between two samples.")] = 1.0,
    once: Annotated[bool, Parameter(help="Print one sample; implied in a pipe and by --output json.")] = False,
    output: Literal["text", "json"] = "text",
) -> int:
    """Show the actors of a running cluster: messages per second, share of time, mailboxes, restarts. Ctrl-C ends it."""
    if interval <= 0:
        raise UsageError(f"--interval {interval:g}: the seconds between two samples must be positive")
    server = Server(kubeconfig or usual_kubeconfig(default_data_dir()))
    views = _views(server, by, sort, interval)
    if output == "json":
        print(msgspec.json.encode(next(views)).decode())
    elif once or not sys.stdout.isatty():
        _print(next(views), sort)
    else:
        _show(views, sort)
    return 0


def _views(server: Server, by: By, sort: Key, interval: float) -> Iterator[View]:
    before = _look(server)
    while True:
        time.sleep(interval)  # noqa: TID251 -- a command runs in real time
        after = _look(server)
        yield view_of(before, after, by=by, sort=sort)
        before = after


def _look(server: Server) -> Snapshot:
    body = server.get(ACTORS)
    try:
        return msgspec.json.decode(body, type=Snapshot)
    except msgspec.MsgspecError as error:
        raise UsageError(
            f"{server.url}{ACTORS}: this version of kubeactors cannot read the answer ({error})"
        ) from error


def _print(view: View, sort: Key) -> None:
    from rich.console import Console  # noqa: PLC0415 -- JSON needs none

    from kubeactors.actor.terminal import picture  # noqa: PLC0415 -- the same

    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    console.print(picture(view, ALL, sort, console.width))


def _show(views: Iterator[View], sort: Key) -> None:
    from rich.console import Console  # noqa: PLC0415 -- as above
    from rich.live import Live  # noqa: PLC0415 -- as above

    from kubeactors.actor.terminal import HEAD, picture  # noqa: PLC0415 -- as above

    console = Console(highlight=False)
    try:
        with Live(console=console, auto_refresh=False, screen=True) as live:
            for view in views:
                live.update(picture(view, console.height - HEAD, sort, console.width), refresh=True)
    except KeyboardInterrupt:
        """The way to quit."""
