"""The message for users when a pod is unschedulable.

Source: pkg/scheduler/framework/types.go, FitError.Error (v1.36).
"""

from kubeactors.scheduler.results import Diagnosis

NO_NODES = "no nodes available to schedule pods"


def message(diagnosis: Diagnosis, post_filter_message: str = "") -> str:
    """The number of nodes for each reason, sorted as text, and the message of the PostFilter plugins.

    >>> from kubeactors.scheduler.results import Code, Status
    >>> full = Status(Code.UNSCHEDULABLE, ("Insufficient cpu", "Insufficient memory"), "NodeResourcesFit")
    >>> message(Diagnosis(nodes=2, counts={full: 2}))
    '0/2 nodes are available: 2 Insufficient cpu, 2 Insufficient memory.'
    """
    if not diagnosis.nodes:
        return NO_NODES
    text = f"0/{diagnosis.nodes} nodes are available:"
    if diagnosis.pre_filter_message:
        text += f" {diagnosis.pre_filter_message}."
    else:
        reasons = sorted(f"{count} {reason}" for reason, count in histogram(diagnosis).items())
        if reasons:
            text += f" {', '.join(reasons)}."
    return f"{text} {post_filter_message}" if post_filter_message else text


def histogram(diagnosis: Diagnosis) -> dict[str, int]:
    """The number of nodes for each reason."""
    counts: dict[str, int] = {}
    for status, count in diagnosis.counts.items():
        for reason in status.reasons:
            counts[reason] = counts.get(reason, 0) + count
    return counts
