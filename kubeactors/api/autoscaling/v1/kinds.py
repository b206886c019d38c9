"""The kind of HorizontalPodAutoscalers in version 1, which are stored in version 2."""

from kubeactors.api.autoscaling.v1 import conversion
from kubeactors.api.autoscaling.v1.autoscaler import HorizontalPodAutoscaler, default_autoscaler
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind

KINDS = (
    Kind(
        type=HorizontalPodAutoscaler,
        group="autoscaling",
        version="v1",
        kind="HorizontalPodAutoscaler",
        resource="horizontalpodautoscalers",
        singular="horizontalpodautoscaler",
        short_names=("hpa",),
        categories=("all",),
        subresources=("status",),
        default=default_autoscaler,
        validate=conversion.validate_autoscaler,
        validate_update=conversion.validate_autoscaler_update,
        stored_as=GroupVersionResource("autoscaling", "v2", "horizontalpodautoscalers"),
        to_stored=conversion.to_v2,
        from_stored=conversion.shown,
    ),
)
