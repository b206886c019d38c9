"""The arithmetic of managed fields and server-side apply. Pure, on dicts and lists.

    schema.py    the schema of a kind: scalars, maps, lists by key      elements.py  path elements of list items
    fieldset.py  sets of fields, as in `fieldsV1`                       walks.py     the fields of a value
    compare.py   the difference of two values                           merge.py     applies a configuration to a value
    remove.py    removes fields from a value                            validate.py  checks a value against its schema
    entries.py   `metadata.managedFields` to sets, and back             updater.py   update, apply, prune, conflicts
    scale.py     the managed fields of a Scale, and back

Who calls it: `apiserver/field_manager.py`, for every write with a manager.
Where its behaviour comes from: sigs.k8s.io/structured-merge-diff/v6, apimachinery/pkg/util/managedfields (v1.36).
"""

from kubeactors.apimachinery.managedfields.entries import APPLY, UPDATE, Managed, Owner, decode, encode
from kubeactors.apimachinery.managedfields.scale import ReplicasPaths, to_parent, to_scale
from kubeactors.apimachinery.managedfields.schema import Node, schema_of
from kubeactors.apimachinery.managedfields.updater import Conflict, ConflictsError, apply, update
from kubeactors.apimachinery.managedfields.validate import MisfitError, check

__all__ = [
    "APPLY",
    "UPDATE",
    "Conflict",
    "ConflictsError",
    "Managed",
    "MisfitError",
    "Node",
    "Owner",
    "ReplicasPaths",
    "apply",
    "check",
    "decode",
    "encode",
    "schema_of",
    "to_parent",
    "to_scale",
    "update",
]
