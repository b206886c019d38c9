"""Helpers of the checks: the parts of a pod that they visit, and the wording of violations.

Source: k8s.io/pod-security-admission/policy/{checks,helpers,visitor}.go (v1.36).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import msgspec

from kubeactors.api.core.v1 import Container, EphemeralContainer, PodSpec
from kubeactors.api.core.v1.security import PodSecurityContext, SecurityContext
from kubeactors.apimachinery.meta import ObjectMeta

AnyContainer: TypeAlias = Container | EphemeralContainer

NO_CONTEXT = SecurityContext()
NO_POD_CONTEXT = PodSecurityContext()


class Violation(msgspec.Struct, frozen=True):
    """What a check forbids: in short, and in detail."""

    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


Check: TypeAlias = Callable[[ObjectMeta, PodSpec], Violation | None]
"""Checks a pod or a pod template."""


class Versioned(msgspec.Struct, frozen=True):
    """A check as of a minor version; `overrides` names a check that it replaces."""

    id: str
    since: int
    check: Check
    overrides: str = ""


def containers_of(spec: PodSpec) -> tuple[AnyContainer, ...]:
    """All containers of a pod, in visiting order."""
    return (*spec.init_containers, *spec.containers, *spec.ephemeral_containers)


def context_of(container: AnyContainer) -> SecurityContext:
    """The security context of a container; an empty one if it has none."""
    return container.security_context or NO_CONTEXT


def pod_context_of(spec: PodSpec) -> PodSecurityContext:
    """The security context of a pod; an empty one if it has none."""
    return spec.security_context or NO_POD_CONTEXT


def names_where(spec: PodSpec, wrong: Callable[[AnyContainer], bool]) -> list[str]:
    """The names of the containers that fail the predicate."""
    return [one.name for one in containers_of(spec) if wrong(one)]


def unless_windows(check: Check) -> Check:
    """The check, skipped for Windows pods."""
    return lambda metadata, spec: None if spec.os and spec.os.name == "windows" else check(metadata, spec)


def unless_own_users(check: Check) -> Check:
    """The check, skipped for pods with a user namespace."""
    return lambda metadata, spec: None if spec.host_users is False else check(metadata, spec)


def quoted(items: Iterable[str]) -> str:
    """Each item in quotes, joined by commas.

    >>> quoted(["a", "b"])
    '"a", "b"'
    """
    return ", ".join(f'"{one}"' for one in items)


def plural(word: str, items: Sequence[object] | dict[str, None], ending: str = "s") -> str:
    """The word, in the plural unless there is one item.

    >>> plural("container", ["a", "b"])
    'containers'
    """
    return word if len(items) == 1 else f"{word}{ending}"


def named(word: str, items: Sequence[str]) -> str:
    """Named items.

    >>> named("container", ["a", "b"])
    'containers "a", "b"'
    """
    return f"{plural(word, items)} {quoted(items)}"


def use(items: Sequence[str]) -> str:
    """`uses` for one item, `use` for several."""
    return "uses" if len(items) == 1 else "use"


def setters(bad_pod: bool, bad_containers: Sequence[str]) -> list[str]:  # noqa: FBT001 -- in the order of the message
    """The parts of a pod that set a field: the pod itself, containers."""
    return [*(("pod",) if bad_pod else ()), *((named("container", bad_containers),) if bad_containers else ())]
