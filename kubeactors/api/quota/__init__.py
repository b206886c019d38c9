"""Quota arithmetic: what objects use, which quotas count them, and what a namespace uses together.

Admission refuses by it what would be too much; the quota controller writes by it what is used.

Source: pkg/quota/v1/evaluator/core, apiserver/pkg/quota/v1 (v1.36).
"""

from kubeactors.api.quota.tally import Tally, is_charged_alike
from kubeactors.api.quota.usage import count_name, counted_names, missing, usage_of

__all__ = ["Tally", "count_name", "counted_names", "is_charged_alike", "missing", "usage_of"]
