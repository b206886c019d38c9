"""Labels: the names under which a schedule refers to entries of the run queue, the same in every run of a program."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell

START = type(None)
"""In place of a message class: the actor is started."""


class Resume:
    """In place of a message class: a suspended handler is resumed."""


def label_for(cell: "Cell", kind: type) -> str:
    """The label of a delivery of a message of this class, or of a `START` or `Resume`; made once per class."""
    labels = cell.cold.labels
    if labels is None:
        labels = cell.ensure_cold().labels = {}
    return labels.get(kind) or labels.setdefault(kind, _new_label(cell.path, kind))


def _new_label(path: str, kind: type) -> str:
    """The label's text.

    >>> _new_label("/cluster/store", Resume), _new_label("/cluster/store", START)
    ('resume:/cluster/store', 'deliver:/cluster/store:start')
    """
    if kind is Resume:
        return f"resume:{path}"
    return f"deliver:{path}:{'start' if kind is START else kind.__name__}"
