"""Who owns which fields: the arithmetic of managed fields and of server-side apply. Pure, on dicts and lists.

    schema.py    what a kind's fields are like: scalars, maps, lists by key     elements.py  items of lists by name
    fieldset.py  sets of fields, as `fieldsV1` writes them                      walks.py     the fields that a value has
    compare.py   what one value has that another has not                        merge.py     a configuration onto a value
    remove.py    a value without some fields                                    validate.py  whether a value fits its schema
    entries.py   `metadata.managedFields` as sets, and back                     updater.py   update, apply, prune, conflicts

Who calls it: `apiserver/field_manager.py`, for every write that names its manager.
Where its behaviour comes from: sigs.k8s.io/structured-merge-diff/v6, apimachinery/pkg/util/managedfields (v1.36).
"""

from kubeactors.apimachinery.managedfields.entries import APPLY, UPDATE, Managed, Owner, decode, encode
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
    "apply",
    "check",
    "decode",
    "encode",
    "schema_of",
    "update",
]
