"""Before a container starts: its image, its environment, its volumes.

Source: pkg/kubelet/images/image_manager.go, pkg/kubelet/kuberuntime/kuberuntime_container.go (v1.36).
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Container
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.environment import environment, expand
from kubeactors.kubelet.fields import PodFacts
from kubeactors.kubelet.images import Refusal, backed_off, invalid_name, is_valid, never_pulled, not_pulled
from kubeactors.kubelet.lifecycle import ALWAYS, NEVER
from kubeactors.kubelet.materials import NO_MATERIALS, MaterialMissing, Materials
from kubeactors.kubelet.runtimes import ContainerConfig, ContainerRuntime, Mount
from kubeactors.kubelet.volumes import mounts_of

SECOND = 1_000_000_000
CONFIG_RETRY = 10 * SECOND
"""How long after a failure for want of a ConfigMap or Secret the next try is."""
FIRST_PULL_BACKOFF = 10 * SECOND
MAX_PULL_BACKOFF = 300 * SECOND


def refusal(record: ContainerRecord, runtime: ContainerRuntime, sandbox_id: str, now: int) -> Refusal | None:
    """Why the container cannot be made from its image now, and when to try again; None if it can."""
    image, policy = record.spec.image, record.spec.image_pull_policy
    if not is_valid(image):
        record.retry_at = now + CONFIG_RETRY
        return invalid_name(image)
    if policy != ALWAYS and runtime.has_image(image, sandbox_id, record.spec.name):
        return None
    if policy == NEVER:
        record.retry_at = now + CONFIG_RETRY
        return never_pulled(image)
    return _pull(record, runtime, sandbox_id, now)


def _pull(record: ContainerRecord, runtime: ContainerRuntime, sandbox_id: str, now: int) -> Refusal | None:
    """Pull the image, unless that has failed lately: half of the time until the next try is said to be that."""
    image, before = record.spec.image, record.refusal
    failure = runtime.pull_image(image, sandbox_id, record.spec.name)
    if failure is None:
        return None
    if before is not None and before.reason == "ErrImagePull":
        record.retry_at = now + record.pull_backoff // 2
        return backed_off(image, failure.message)
    record.pull_backoff = min(2 * record.pull_backoff, MAX_PULL_BACKOFF) or FIRST_PULL_BACKOFF
    record.retry_at = now + record.pull_backoff // 2
    return not_pulled(image, failure.message)


def config_of(record: ContainerRecord, facts: PodFacts, materials: Materials | None, *, reads: bool) -> ContainerConfig:
    """What the runtime is told of the next start; `reads` if the image reads its environment.

    Raises:
        MaterialMissing: what the environment refers to is not there.
    """
    container, attempt = record.spec, record.attempts
    env = environment(container, facts, materials or NO_MATERIALS)
    if not reads:
        return ContainerConfig(container=container, attempt=attempt)
    command, args = (tuple(expand(one, env) for one in part) for part in (container.command, container.args))
    container = replace(container, command=command, args=args)
    mounts = mounts_of(container, facts, materials or NO_MATERIALS, env)
    return ContainerConfig(container=container, attempt=attempt, env=env, mounts=mounts)


class ContainerSurroundings(msgspec.Struct, frozen=True):
    """The environment of a container, and its volumes."""

    env: Mapping[str, str] = {}
    mounts: tuple[Mount, ...] = ()


def surroundings_of(container: Container, facts: PodFacts, materials: Materials) -> ContainerSurroundings:
    """What a command sees in a container; nothing if what that refers to is not there any more."""
    try:
        env = environment(container, facts, materials)
        return ContainerSurroundings(env, mounts_of(container, facts, materials, env))
    except MaterialMissing:
        return ContainerSurroundings()
