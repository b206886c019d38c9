"""A live view of an actor system in a terminal. Needs the package `rich`, and is imported by its full name."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kubeactors.actor.system import ActorSystem
from kubeactors.actor.top import By, Key, View, view_of

HEAD = 3
"""Lines above the rows."""


@asynccontextmanager
async def live_view(
    system: ActorSystem,
    *,
    interval_seconds: float = 1.0,
    by: By = "class",
    sort: Key = "busy",
    console: Console | None = None,
) -> AsyncGenerator[None]:
    """Show the load of the system's actors within the block. Shows nothing if the output is no terminal.

    Args:
        system: runs in this event loop.
        interval_seconds: the time between two refreshes.
        by: one row per class, or per actor.
        sort: the column by which rows are sorted.
        console: where to show it; by default the standard output.
    """
    console = console or Console()
    if not console.is_terminal:
        yield
        return
    failure: Exception | None = None
    with Live(console=console, auto_refresh=False) as live:
        async with anyio.create_task_group() as group:
            group.start_soon(_refresh, live, system, interval_seconds, by, sort)
            try:
                yield
            except Exception as error:  # noqa: BLE001 -- raised below, not in an exception group
                failure = error
            group.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _refresh(live: Live, system: ActorSystem, interval_seconds: float, by: By, sort: Key) -> None:
    before = system.snapshot()
    while True:
        await anyio.sleep(interval_seconds)
        after = system.snapshot()
        lines, width = live.console.height - HEAD, live.console.width
        live.update(picture(view_of(before, after, by=by, sort=sort), lines, sort, width), refresh=True)
        before = after


COLUMNS: tuple[tuple[str, Key], ...] = (
    ("ACTOR", "name"),
    ("COUNT", "actors"),
    ("MSG/S", "rate"),
    ("BUSY", "busy"),
    ("MAILBOX", "mailbox"),
    ("WAITING", "waiting"),
    ("HANDLED", "handled"),
    ("RESTARTS", "restarts"),
)


DISPENSABLE: tuple[Key, ...] = ("waiting", "handled", "actors", "restarts", "mailbox")
"""Columns that a narrow terminal leaves out, in this order."""
NAME_WIDTH, NUMBER_WIDTH = 24, 8
"""The least widths of columns, with the space between them."""


def columns(width: int, sort: Key) -> tuple[tuple[str, Key], ...]:
    """The columns for which there is room; the one by which rows are sorted is always among them.

    >>> [title for title, _ in columns(60, "busy")]
    ['ACTOR', 'MSG/S', 'BUSY', 'MAILBOX', 'RESTARTS']
    >>> columns(80, "busy") == COLUMNS, [title for title, _ in columns(10, "handled")]
    (True, ['ACTOR', 'MSG/S', 'BUSY', 'HANDLED'])
    """
    found = COLUMNS
    for key in DISPENSABLE:
        if NAME_WIDTH + NUMBER_WIDTH * (len(found) - 1) > width and key != sort:
            found = tuple(one for one in found if one[1] != key)
    return found


def picture(view: View, lines: int, sort: Key = "busy", width: int = 80) -> Group:
    """A view to be printed: the first `lines` rows, and the columns for which `width` has room."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    shown = columns(width, sort)
    for title, key in shown:
        name = key == "name"
        style = "bold" if key == sort else None
        table.add_column(
            title,
            header_style=style,
            justify="left" if name else "right",
            no_wrap=True,
            overflow="ellipsis",
            min_width=None if name else len(title),
        )
    for row in view.rows[: max(lines, 1)]:
        cells: dict[Key, str | Text] = {
            "name": row.name,
            "actors": f"{row.actors:,}",
            "rate": f"{row.rate:,.1f}",
            "busy": Text(f"{row.busy:.1%}", "red" if row.busy > BUSY else ""),
            "mailbox": Text(f"{row.mailbox:,}", "yellow" if row.mailbox else ""),
            "waiting": f"{row.waiting:,}",
            "handled": f"{row.handled:,}",
            "restarts": Text(f"{row.restarts:,}", "yellow" if row.restarts else ""),
        }
        table.add_row(*(cells[key] for _, key in shown))
    return Group(headline(view), table)


BUSY = 0.5
"""From this fraction of the time on an actor is shown in red."""


def headline(view: View) -> str:
    """The system as a whole, in one line.

    >>> headline(View(seconds=61.2, actors=1200, ready=2, rate=1234.5, busy=0.25, dead_letters=3, dead_letter_rate=0.5,
    ...               rows=()))
    'up 61 s · 1,200 actors · 1,234.5 messages/s · 25.0% busy · 2 ready · 3 dead letters (0.5/s)'
    """
    return (
        f"up {view.seconds:,.0f} s · {view.actors:,} actors · {view.rate:,.1f} messages/s · {view.busy:.1%} busy · "
        f"{view.ready:,} ready · {view.dead_letters:,} dead letters ({view.dead_letter_rate:,.1f}/s)"
    )
