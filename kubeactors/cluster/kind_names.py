"""Kinds by any of their names: `deployment/web`, `po`, `shops.example.com`."""

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme


def kind_of(word: str, scheme: Scheme) -> Kind[TypedObject]:
    """The kind of that name.

    Raises:
        ValueError: it is unknown.
    """
    for kind in scheme:
        names = (kind.singular, kind.resource, f"{kind.resource}.{kind.group}", kind.kind.lower())
        if word.lower() in (*names, *kind.short_names):
            return kind
    raise ValueError(f'"{word}" is not a known kind; write it as kubectl does, such as deployment or po')


def object_of(what: str, scheme: Scheme) -> tuple[str, Kind[TypedObject]]:
    """The name and kind in `kind/name`.

    Raises:
        ValueError: the form is another, or the kind is unknown.
    """
    word, _, name = what.partition("/")
    if not name:
        raise ValueError(f'"{what}" is not a kind and a name; write kind/name, such as deployment/web')
    return name, kind_of(word, scheme)
