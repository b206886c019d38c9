"""The kinds of reviews, which can only be created."""

from kubeactors.api.authentication.v1.reviews import GROUP, SelfSubjectReview, TokenReview
from kubeactors.apimachinery.scheme import Kind

KINDS = (
    Kind(
        type=SelfSubjectReview,
        group=GROUP,
        kind="SelfSubjectReview",
        resource="selfsubjectreviews",
        singular="selfsubjectreview",
        namespaced=False,
        verbs=("create",),
    ),
    Kind(
        type=TokenReview,
        group=GROUP,
        kind="TokenReview",
        resource="tokenreviews",
        singular="tokenreview",
        namespaced=False,
        verbs=("create",),
    ),
)
