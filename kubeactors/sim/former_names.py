"""Names that have changed: replays and command lines that still use the former ones work.

A former name is never given to anything else.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

FORMER_FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "bad-starts": "failing-containers",
        "denied": "admission-failure",
        "fail-over": "stale-restart",
        "field-spoilt": "field-corrupted",
        "late-write": "delayed-write",
        "status-lost": "status-cleared",
        "unseen": "missed-delete",
    }
)
"""The present name of a kind of fault by its former one."""


def current_fault(kind: str) -> str:
    """The present name of a kind of fault.

    >>> current_fault("fail-over"), current_fault("watch-lag")
    ('stale-restart', 'watch-lag')
    """
    return FORMER_FAULTS.get(kind, kind)


def with_current_kind(line: str) -> str:
    """A line of a replay file; if its fault has a former name, with the present one.

    >>> with_current_kind('{"kind":"unseen","at":1.5,"component":"scheduler","seconds":3.0}')
    '{"kind":"missed-delete","at":1.5,"component":"scheduler","seconds":3.0}'
    """
    try:
        step = msgspec.json.decode(line, type=dict[str, object])
    except msgspec.DecodeError:
        return line  # rejected, with the reason, when it is decoded as a step
    if step.get("kind") not in FORMER_FAULTS:
        return line
    return msgspec.json.encode({**step, "kind": FORMER_FAULTS[str(step["kind"])]}).decode()
