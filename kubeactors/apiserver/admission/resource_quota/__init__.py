"""ResourceQuota: a namespace never holds more than its quotas allow.

    ledger.py  what is used: all objects that the cache knows, and all writes that are on their way to it
    plugin.py  who would use too much is refused

Unlike the original, which lets its admission write what is used and believes that, the ledger counts the objects
themselves: one server writes them all, so the count is exact at any moment. The status of quotas is the business of
the quota controller.

Source: apiserver/pkg/admission/plugin/resourcequota (v1.36).
"""

from kubeactors.apiserver.admission.resource_quota.ledger import Ledger
from kubeactors.apiserver.admission.resource_quota.plugin import ResourceQuotas

__all__ = ["Ledger", "ResourceQuotas"]
