"""The kind of HorizontalPodAutoscalers."""

from kubeactors.api.autoscaling.v2 import validation
from kubeactors.api.autoscaling.v2.autoscaler import HorizontalPodAutoscaler
from kubeactors.api.autoscaling.v2.defaults import default_autoscaler
from kubeactors.apimachinery.scheme import Kind

KINDS = (
    Kind(
        type=HorizontalPodAutoscaler,
        group="autoscaling",
        version="v2",
        kind="HorizontalPodAutoscaler",
        resource="horizontalpodautoscalers",
        singular="horizontalpodautoscaler",
        short_names=("hpa",),
        categories=("all",),
        subresources=("status",),
        default=default_autoscaler,
        validate=validation.validate_autoscaler,
        validate_update=validation.validate_autoscaler_update,
        validate_status_update=validation.validate_autoscaler_status,
    ),
)
