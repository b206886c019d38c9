"""Objects as `kubectl get` shows them."""

from collections.abc import Sequence

from kubeactors.api.printers import columns, row
from kubeactors.apimachinery.meta import TypedObject


def kubectl_table(
    objects: Sequence[TypedObject], wall: int, *, wide: bool = False, namespaces: bool = False
) -> list[str]:
    """Lines of text: a header and a row for each object, in columns.

    Args:
        objects: of one kind; the result is empty if there are none.
        wall: Unix time in nanoseconds, for ages.
        wide: include the columns of `-o wide`.
        namespaces: include the namespace column, as `-A` does.
    """
    if not objects:
        return []
    shown = [index for index, one in enumerate(columns(type(objects[0]))) if wide or one.priority == 0]
    first = ["NAMESPACE"] if namespaces else []
    header = [*first, *(columns(type(objects[0]))[index].name.upper() for index in shown)]
    rows = [
        [*(obj.metadata.namespace for _ in first), *(str(row(obj, wall)[index]) for index in shown)] for obj in objects
    ]
    widths = [max(len(line[place]) for line in (header, *rows)) for place in range(len(header))]
    return [
        "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (header, *rows)
    ]
