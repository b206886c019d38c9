"""JSON patch. A library applies the operations; the limits are those of the API server.

Source: RFC 6902; apiserver/pkg/endpoints/handlers/patch.go (v1.36).
"""

from collections.abc import Mapping, Sequence
from typing import cast

import jsonpatch
import jsonpointer
import msgspec

from kubeactors.apimachinery.patches.errors import TooManyOperationsError, UnprocessablePatchError

MAX_OPERATIONS = 10_000
MAX_COPIED_BYTES = 3 * 2**20
"""Copies can double a document repeatedly; together they may add no more than the maximum size of a request."""

Operation = Mapping[str, object]


def apply(document: object, operations: Sequence[Operation]) -> object:
    """The patched document. The argument is changed in place: pass ownership.

    Raises:
        TooManyOperationsError: there are more than 10,000.
        UnprocessablePatchError: an operation fails.

    >>> apply({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}, {"op": "copy", "from": "/a", "path": "/b"}])
    {'a': [1, 2], 'b': [1, 2]}
    """
    if len(operations) > MAX_OPERATIONS:
        found = f"got {len(operations)}"
        raise TooManyOperationsError(f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, {found}")
    copied = 0
    for one in operations:
        try:
            if one.get("op") == "copy":
                copied += _size(document, str(one.get("from", "")))
            _limit(copied)
            document = cast("object", jsonpatch.JsonPatch([one]).apply(document, in_place=True))
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
            raise UnprocessablePatchError(str(error)) from error
    return document


def _size(document: object, pointer: str) -> int:
    return len(msgspec.json.encode(jsonpointer.resolve_pointer(document, pointer)))


def _limit(copied: int) -> None:
    if copied > MAX_COPIED_BYTES:
        grown = f"the accumulated size increase of copy is {copied}, exceeding the limit {MAX_COPIED_BYTES}"
        raise UnprocessablePatchError(f"Unable to complete the copy, {grown}")
