"""Files with workloads: manifests, audit logs, plans."""

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from kubeactors.cluster.manifest import ManifestError
from kubeactors.sim.plan import PlanError, decode
from kubeactors.sim.recordings.audit_log import AuditLogError, is_audit_log, of_audit_log
from kubeactors.sim.recordings.manifests import APART_SECONDS, of_manifest
from kubeactors.sim.steps import Fault
from kubeactors.sim.workload import UserAction

PLAN = ".jsonl"


class WorkloadError(ValueError):
    """A file has no workload; the message names the file and the reason."""


def read_workload(paths: Iterable[Path]) -> tuple[UserAction, ...]:
    """The user actions of some files, one file after the other.

    A file is a manifest; an audit log; or a plan (`.jsonl`), of which the user actions are taken.

    Raises:
        WorkloadError: a file is none of these, or cannot be read.
    """
    found: list[UserAction] = []
    for path in paths:
        begin = found[-1].at + APART_SECONDS if found else 0.0
        found += [replace(one, at=round(begin + one.at, 3)) for one in _read(path)]
    return tuple(found)


def _read(path: Path) -> tuple[UserAction, ...]:
    try:
        text = path.read_text(encoding="utf-8")
        if is_audit_log(text):
            return of_audit_log(text)
        if path.suffix == PLAN:
            return tuple(one for one in decode(text).plan.steps if not isinstance(one, Fault))
        return of_manifest(path)
    except OSError as error:
        raise WorkloadError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, AuditLogError, PlanError, ManifestError) as error:
        raise WorkloadError(f"{path}: {error}") from error
