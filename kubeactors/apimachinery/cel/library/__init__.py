"""The functions that Kubernetes adds to CEL.

    declaration.py  what a function is; values of types that CEL lacks
    quantities.py   quantity, isQuantity and what quantities can do
    addresses.py    ip, cidr
    urls.py         url
    versions.py     semver
    lists.py        sum, min, max, isSorted; sets
    texts.py        find, findAll; jsonpatch.escapeKey
    formats.py      format.dns1123Label and the others; validate
    authorizer.py   authorizer, and what can be asked of it

Values of types that CEL lacks (quantities, addresses, ...) are maps with one entry, which names the type. So the compiler
knows them as maps: that an address is compared with a quantity is found when the expression is evaluated.

Not there: `indexOf` and `lastIndexOf` of lists, and `string()` of values of such types.

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
