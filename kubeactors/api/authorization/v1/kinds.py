"""The kinds of reviews, which can only be created."""

from kubeactors.api.authorization.v1 import accessreview
from kubeactors.api.authorization.v1.accessreview import (
    GROUP,
    LocalSubjectAccessReview,
    SelfSubjectAccessReview,
    SubjectAccessReview,
)
from kubeactors.api.authorization.v1.rulesreview import SelfSubjectRulesReview
from kubeactors.apimachinery.scheme import Kind

KINDS = (
    Kind(
        type=LocalSubjectAccessReview,
        group=GROUP,
        kind="LocalSubjectAccessReview",
        resource="localsubjectaccessreviews",
        singular="localsubjectaccessreview",
        verbs=("create",),
        validate=accessreview.validate_local_subject_access_review,
    ),
    Kind(
        type=SelfSubjectAccessReview,
        group=GROUP,
        kind="SelfSubjectAccessReview",
        resource="selfsubjectaccessreviews",
        singular="selfsubjectaccessreview",
        namespaced=False,
        verbs=("create",),
        validate=accessreview.validate_self_subject_access_review,
    ),
    Kind(
        type=SelfSubjectRulesReview,
        group=GROUP,
        kind="SelfSubjectRulesReview",
        resource="selfsubjectrulesreviews",
        singular="selfsubjectrulesreview",
        namespaced=False,
        verbs=("create",),
    ),
    Kind(
        type=SubjectAccessReview,
        group=GROUP,
        kind="SubjectAccessReview",
        resource="subjectaccessreviews",
        singular="subjectaccessreview",
        namespaced=False,
        verbs=("create",),
        validate=accessreview.validate_subject_access_review,
    ),
)
