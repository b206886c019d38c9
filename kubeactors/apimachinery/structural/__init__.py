"""Structural schemas of custom kinds, and the operations on objects that they define.

    node.py         a schema, parsed once
    pruning.py      drops unknown fields                   defaulting.py   applies defaults
    values.py       validates values by JSON Schema        lists.py        validates sets and maps in lists
    rules.py        validates rules in CEL                 selfcheck.py    the fields that a rule refers to
    costs.py        the cost of rules                      all_of.py       `allOf`s that do not hold
    typecheck.py    types in rules                         paths.py        values at simple JSON paths
    owners.py       field ownership for server-side apply  formats.py      formats of strings and numbers

Everything is pure and works on JSON-like dicts and lists.

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
