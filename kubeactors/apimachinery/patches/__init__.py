"""Patches: from the bytes of a patch and the current object to the patched object.

The API server calls `apply` for the three patch types besides server-side apply, which is separate.
`jsonpatches`, `merge` and `strategic` implement one type each, on dicts and lists; `schema` has the fields of Structs,
`order` the order of merged lists, `golang` the formatting of values in Go's messages.

Source: apiserver/pkg/endpoints/handlers/patch.go, apimachinery/pkg/util/strategicpatch (v1.36).
"""

from kubeactors.apimachinery.patches.apply import IGNORE, STRICT, WARN, Patched, apply
from kubeactors.apimachinery.patches.errors import (
    BadPatchError,
    PatchError,
    TooManyOperationsError,
    UnprocessablePatchError,
)

__all__ = [
    "IGNORE",
    "STRICT",
    "WARN",
    "BadPatchError",
    "PatchError",
    "Patched",
    "TooManyOperationsError",
    "UnprocessablePatchError",
    "apply",
]
