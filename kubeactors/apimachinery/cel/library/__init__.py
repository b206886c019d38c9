"""The functions that Kubernetes adds to CEL.

    declaration.py  the declaration of a function; values of types that CEL lacks
    quantities.py   quantity, isQuantity and methods of quantities
    addresses.py    ip, cidr
    urls.py         url
    versions.py     semver
    lists.py        sum, min, max, isSorted; sets
    texts.py        find, findAll; jsonpatch.escapeKey
    formats.py      format.dns1123Label and the others; validate
    authorizer.py   authorizer and its checks

Values of types that CEL lacks (quantities, addresses, ...) are maps with one entry, whose key is the type. The compiler
sees maps, so comparing an address with a quantity fails at evaluation only.

Missing: `indexOf` and `lastIndexOf` of lists, and `string()` of such values.

Source: apiserver/pkg/cel/library (v1.36).
"""

from kubeactors.apimachinery.cel.library import addresses, authorizer, formats, lists, quantities, texts, urls, versions
from kubeactors.apimachinery.cel.library.declaration import Function

FUNCTIONS: tuple[Function, ...] = (
    *quantities.FUNCTIONS,
    *addresses.FUNCTIONS,
    *urls.FUNCTIONS,
    *versions.FUNCTIONS,
    *lists.FUNCTIONS,
    *texts.FUNCTIONS,
    *formats.FUNCTIONS,
    *authorizer.FUNCTIONS,
)

__all__ = ["FUNCTIONS", "Function"]
