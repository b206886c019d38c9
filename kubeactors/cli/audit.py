"""The options `--audit-...`: the audit log, and the file of its policy."""

import sys
from pathlib import Path

from msgspec.structs import replace

from kubeactors.apiserver.audit.policy import Policy
from kubeactors.apiserver.audit.policy_file import PolicyError, read_policy
from kubeactors.cli.errors import UsageError, said
from kubeactors.cluster.spec import AuditLog


def audit_log(path: str, policy_file: Path | None, max_size: int, max_backups: int, max_age: int) -> AuditLog | None:
    """The log that these options describe; None if they describe none.

    Raises:
        UsageError: the policy cannot be read, or is invalid; or there is no log to use it for; or a limit is negative.
    """
    for option, value in (("maxsize", max_size), ("maxbackup", max_backups), ("maxage", max_age)):
        if value < 0:
            raise UsageError(f"--audit-log-{option} {value} can't be a negative number")
    if not path:
        if policy_file is not None:
            raise UsageError("--audit-policy-file is of no use without --audit-log-path")
        return None
    log = AuditLog(path=path, max_size_megabytes=max_size, max_backups=max_backups, max_age_days=max_age)
    return log if policy_file is None else replace(log, policy=_policy(policy_file))


def _policy(path: Path) -> Policy:
    try:
        found = read_policy(path.read_bytes())
    except OSError as error:
        raise UsageError(f"--audit-policy-file {said(error)}") from error
    except PolicyError as error:
        raise UsageError(f"--audit-policy-file {path}: {error}") from error
    if found.strict_errors:
        wrong = " ".join(", ".join(found.strict_errors).split())
        print(f"kubeactors: {path}: the audit policy contains errors, which are ignored: {wrong}", file=sys.stderr)
    return found.object
