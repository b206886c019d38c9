"""Prepares the start of a container: its image, its environment, its volumes.

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
"""The retry delay after a missing ConfigMap or Secret."""
FIRST_PULL_BACKOFF = 10 * SECOND
MAX_PULL_BACKOFF = 300 * SECOND


def refusal(record: ContainerRecord, runtime: ContainerRuntime, sandbox_id: str, now: int) -> Refusal | None:
    """Why the container cannot be created from its image now; None if it can."""
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
    """Pull the image. Every second failure in a row is reported as ImagePullBackOff, for half of the backoff."""
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
    """The configuration of the next start; `reads` if the image reads its environment.

    Raises:
        MaterialMissing: the environment refers to an object that does not exist.
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
    """The environment and the volumes of a container."""

    env: Mapping[str, str] = {}
    mounts: tuple[Mount, ...] = ()


def surroundings_of(container: Container, facts: PodFacts, materials: Materials) -> ContainerSurroundings:
    """The surroundings of a command in a container; empty if an object that they need is gone."""
    try:
        env = environment(container, facts, materials)
        return ContainerSurroundings(env, mounts_of(container, facts, materials, env))
    except MaterialMissing:
        return ContainerSurroundings()
