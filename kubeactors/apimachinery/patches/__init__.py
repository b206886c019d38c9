"""Patches of objects: the bytes of a patch and the present object make the object that is wanted.

The API server calls `apply` for the three kinds of patch that know nothing of managers; server-side apply is its own.
`jsonpatches`, `merge` and `strategic` each know one kind, on dicts and lists; `schema` knows the fields of the Structs,
`order` the order of merged lists, `golang` how Go prints what is wrong.

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
