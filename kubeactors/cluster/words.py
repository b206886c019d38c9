"""Kinds as people write them: `deployment/web`, `po`, `shops.example.com`."""

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme


def kind_of(word: str, scheme: Scheme) -> Kind[TypedObject]:
    """The kind that is meant by any of its names.

    Raises:
        ValueError: there is no such kind.
    """
    for kind in scheme:
        names = (kind.singular, kind.resource, f"{kind.resource}.{kind.group}", kind.kind.lower())
        if word.lower() in (*names, *kind.short_names):
            return kind
    raise ValueError(f'"{word}" is no kind that is known; write it as kubectl does, such as deployment or po')


def object_of(what: str, scheme: Scheme) -> tuple[str, Kind[TypedObject]]:
    """Name and kind of `kind/name`.

    Raises:
        ValueError: it is not written so, or there is no such kind.
    """
    word, _, name = what.partition("/")
    if not name:
        raise ValueError(f'"{what}" names nothing that is known; write kind/name, such as deployment/web')
    return name, kind_of(word, scheme)
