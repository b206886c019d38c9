"""Hashes in names: `pod-template-hash`, `controller-revision-hash`.

They are Kubernetes', so that a manifest results in the same names.

Source: pkg/controller/controller_utils.go (ComputeHash), apimachinery/pkg/util/rand/rand.go (v1.36).
"""

from functools import lru_cache
from typing import cast

import msgspec

from kubeactors.apimachinery.godump import dump
from kubeactors.apimachinery.names import ALPHANUMERICS

_OFFSET, _PRIME = 0x811C9DC5, 0x01000193

_encoder = msgspec.json.Encoder(order="sorted")


@lru_cache(maxsize=4096)
def fnv32a(data: bytes) -> int:
    """The 32-bit FNV-1a hash.

    >>> hex(fnv32a(b"")), hex(fnv32a(b"foobar"))
    ('0x811c9dc5', '0xbf9cf968')
    """
    value = _OFFSET
    for byte in data:
        value = (value ^ byte) * _PRIME & 0xFFFFFFFF
    return value


def fnv32(data: bytes) -> int:
    """The 32-bit FNV-1 hash.

    >>> hex(fnv32(b"")), hex(fnv32(b"foobar"))
    ('0x811c9dc5', '0x31f0b262')
    """
    value = _OFFSET
    for byte in data:
        value = (value * _PRIME & 0xFFFFFFFF) ^ byte
    return value


def revision_hash(data: object, collision_count: int) -> str:
    """The hash of a ControllerRevision's data in its name.

    Source: HashControllerRevision in pkg/controller/history/controller_history.go (v1.36).
    """
    return safe_encode_string(str(fnv32(_encoder.encode(data) + str(collision_count).encode())))


def safe_encode_string(text: str) -> str:
    """The text in an alphabet without vowels, so that no words appear in names; not reversible.

    >>> safe_encode_string("2166136261")
    '65bb57b6b5'
    """
    return "".join(ALPHANUMERICS[ord(char) % len(ALPHANUMERICS)] for char in text)


def template_hash(template: msgspec.Struct, collision_count: int | None = None) -> str:
    """The hash of a pod template in labels and names.

    Equal templates have equal hashes, whatever the order of their maps. `collision_count` changes the hash when two
    different templates collide.
    """
    data = _dumped(_encoder.encode(template))
    if collision_count is not None:
        data += collision_count.to_bytes(8, "little")
    return safe_encode_string(str(fnv32a(data)))


@lru_cache(maxsize=4096)
def _dumped(template: bytes) -> bytes:
    """A pod template in JSON as Go prints it: the input of the hash."""
    return dump(cast("dict[str, object]", msgspec.json.decode(template)), "v1.PodTemplateSpec").encode()
