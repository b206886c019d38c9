"""The policy in a namespace's labels: a level and a version for each mode.

Source: k8s.io/pod-security-admission/api/helpers.go (v1.36).
"""

import re
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from kubeactors.apimachinery.field import FieldError, invalid

PRIVILEGED, BASELINE, RESTRICTED = "privileged", "baseline", "restricted"
LEVELS = (PRIVILEGED, BASELINE, RESTRICTED)
"""From the most permissive to the strictest."""

ENFORCE, AUDIT, WARN = "enforce", "audit", "warn"
PREFIX = "pod-security.kubernetes.io/"
LATEST = 36
"""The minor version that `latest` stands for."""

_VERSION = re.compile(r"v1\.([0-9]|[1-9][0-9]*)\Z")


class Level(msgspec.Struct, frozen=True):
    """A level as of a minor version; without one, as of the latest.

    >>> str(Level(BASELINE)), str(Level(RESTRICTED, 24))
    ('baseline:latest', 'restricted:v1.24')
    """

    name: str = PRIVILEGED
    minor: int | None = None

    def __str__(self) -> str:
        return f"{self.name}:{'latest' if self.minor is None else f'v1.{self.minor}'}"

    @property
    def strictness(self) -> int:
        """The higher, the stricter."""
        return LEVELS.index(self.name)


class Policy(msgspec.Struct, frozen=True):
    """The level of each mode. Violations of `enforce` reject a pod, those of `warn` give warnings."""

    enforce: Level = Level()
    audit: Level = Level()
    warn: Level = Level()


PERMISSIVE = Policy()


def policy_of(labels: Mapping[str, str]) -> tuple[Policy, tuple[FieldError, ...]]:
    """The policy, and the errors of the labels; an invalid enforced level counts as restricted.

    >>> policy_of({"pod-security.kubernetes.io/enforce": "baseline"})[0].warn
    Level(name='baseline', minor=None)
    """
    if not any(one.startswith(PREFIX) for one in labels):
        return PERMISSIVE, ()
    errors: list[FieldError] = []
    enforce = _level(labels, ENFORCE, RESTRICTED, errors)
    audit = _level(labels, AUDIT, PRIVILEGED, errors)
    warn = _level(labels, WARN, PRIVILEGED, errors)
    unset = f"{PREFIX}{WARN}" not in labels
    if unset and labels.get(f"{PREFIX}{ENFORCE}") in LEVELS and enforce.strictness > warn.strictness:
        warn = replace(warn, name=enforce.name)
        if f"{PREFIX}{WARN}-version" not in labels:
            warn = enforce
    return Policy(enforce, audit, warn), tuple(errors)


def _level(labels: Mapping[str, str], mode: str, instead: str, errors: list[FieldError]) -> Level:
    """The level of a mode; `instead` if its label is invalid."""
    name = labels.get(f"{PREFIX}{mode}", PRIVILEGED)
    if name not in LEVELS:
        errors.append(_invalid(mode, name, f"must be one of {', '.join(LEVELS)}"))
        name = instead
    text = labels.get(f"{PREFIX}{mode}-version", "latest")
    if text == "latest":
        return Level(name)
    match = _VERSION.match(text)
    if match is None:
        errors.append(_invalid(f"{mode}-version", text, 'must be "latest" or "v1.x"'))
        return Level(name)
    return Level(name, int(match[1]))


def _invalid(label: str, value: str, why: str) -> FieldError:
    return invalid(f"metadata.labels[{PREFIX}{label}]", value, why)
