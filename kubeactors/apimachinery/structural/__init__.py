"""Structural schemas: what the objects of a custom kind look like, and what is done to them by that.

    node.py         a schema, read once
    pruning.py      drop what the schema does not know     defaulting.py   fill what is absent
    values.py       check values, by JSON Schema           lists.py        check sets and maps in lists
    rules.py        check rules in CEL                     selfcheck.py    which fields a rule speaks of
    costs.py        what rules may cost                    all_of.py       which `allOf` do not hold
    paths.py        values at the end of a simple path     owners.py       what server-side apply tells apart

All of it is pure and works on dicts and lists as JSON has them.

Source: apiextensions-apiserver/pkg/apiserver/schema, pkg/apiserver/validation (v1.36).
"""

from kubeactors.apimachinery.structural.defaulting import defaulted
from kubeactors.apimachinery.structural.lists import validate_lists
from kubeactors.apimachinery.structural.node import Structural
from kubeactors.apimachinery.structural.owners import ownership_of
from kubeactors.apimachinery.structural.paths import at_path
from kubeactors.apimachinery.structural.pruning import pruned
from kubeactors.apimachinery.structural.rules import Rules
from kubeactors.apimachinery.structural.values import ValueValidator

__all__ = [
    "Rules",
    "Structural",
    "ValueValidator",
    "at_path",
    "defaulted",
    "ownership_of",
    "pruned",
    "validate_lists",
]
