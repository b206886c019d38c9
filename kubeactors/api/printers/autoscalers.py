"""The table printers of HorizontalPodAutoscalers.

Source: pkg/printers/internalversion/printers.go, formatHPAMetrics (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.autoscaling.v1 import autoscaler as v1
from kubeactors.api.autoscaling.v1.conversion import to_v2
from kubeactors.api.autoscaling.v2.autoscaler import HorizontalPodAutoscaler
from kubeactors.api.autoscaling.v2.metrics import MetricSpec, MetricStatus, MetricTarget, MetricValueStatus
from kubeactors.api.printers.table import AGE, NAME, NONE, UNKNOWN, Cells, Column, Printer, age

SHOWN = 2
"""The number of metrics to show; others are counted."""

_NO_STATUS = MetricStatus()


def autoscaler_cells(autoscaler: HorizontalPodAutoscaler, now_ns: int) -> Cells:
    """All cells of an autoscaler's row."""
    spec, status = autoscaler.spec, autoscaler.status
    return (
        autoscaler.metadata.name,
        f"{spec.scale_target_ref.kind}/{spec.scale_target_ref.name}",
        targets(spec.metrics, status.current_metrics or ()),
        "<unset>" if spec.min_replicas is None else str(spec.min_replicas),
        spec.max_replicas,
        status.current_replicas,
        age(autoscaler.metadata, now_ns),
    )


def first_version_cells(autoscaler: v1.HorizontalPodAutoscaler, now_ns: int) -> Cells:
    """All cells of the row of an autoscaler in version 1."""
    return autoscaler_cells(to_v2(autoscaler), now_ns)


def targets(specs: tuple[MetricSpec, ...], statuses: tuple[MetricStatus, ...]) -> str:
    """Values and targets of metrics.

    >>> targets((), ())
    '<none>'
    """
    if not specs:
        return NONE
    shown = [*_targets(specs, statuses)]
    text, more = ", ".join(shown[:SHOWN]), len(shown) - SHOWN
    return f"{text} + {more} more..." if more > 0 else text


def _targets(specs: tuple[MetricSpec, ...], statuses: tuple[MetricStatus, ...]) -> Iterator[str]:
    for i, spec in enumerate(specs):
        status = statuses[i] if i < len(statuses) else _NO_STATUS
        yield _target(spec, status)


def _target(spec: MetricSpec, status: MetricStatus) -> str:
    if spec.external is not None:
        return _value(spec.external.target, status.external.current if status.external else None, average="(avg)")
    if spec.pods is not None:
        return _value(spec.pods.target, status.pods.current if status.pods else None)
    if spec.object is not None:
        return _value(spec.object.target, status.object.current if status.object else None, average="(avg)")
    if spec.resource is not None:
        current = status.resource.current if status.resource else None
        return f"{spec.resource.name}: {_resource(spec.resource.target, current)}"
    if spec.container_resource is not None:
        current = status.container_resource.current if status.container_resource else None
        return f"{spec.container_resource.name}: {_resource(spec.container_resource.target, current)}"
    return "<unknown type>"


def _value(target: MetricTarget, current: MetricValueStatus | None, average: str = "") -> str:
    if target.average_value is not None:
        now = current.average_value if current is not None else None
        return f"{now or UNKNOWN}/{target.average_value}{' ' if average else ''}{average}"
    return f"{(current.value if current is not None else None) or UNKNOWN}/{target.value}"


def _resource(target: MetricTarget, current: MetricValueStatus | None) -> str:
    if target.average_value is not None:
        return f"{(current.average_value if current is not None else None) or UNKNOWN}/{target.average_value}"
    percent = current.average_utilization if current is not None else None
    wanted = "<auto>" if target.average_utilization is None else f"{target.average_utilization}%"
    return f"{UNKNOWN if percent is None else f'{percent}%'}/{wanted}"


HORIZONTAL_POD_AUTOSCALER = Printer(
    columns=(
        NAME,
        Column(name="Reference", description="The workload that is scaled."),
        Column(name="Targets", description="The current values of the metrics and their targets."),
        Column(name="MinPods", description="The minimum number of pods."),
        Column(name="MaxPods", description="The maximum number of pods."),
        Column(name="Replicas", description="The last observed number of pods."),
        AGE,
    ),
    cells=autoscaler_cells,
)
HORIZONTAL_POD_AUTOSCALER_V1 = Printer(columns=HORIZONTAL_POD_AUTOSCALER.columns, cells=first_version_cells)
