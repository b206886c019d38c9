"""ResourceQuota: a namespace never uses more than its quotas allow.

    ledger.py  usage: all cached objects, and all writes that are not cached yet
    plugin.py  rejects requests that would exceed a quota

Kubernetes' admission reserves usage in the status of the quota. The ledger counts the objects themselves: as one server
writes them all, its counts are exact at any moment. The quota controller maintains the status.

Source: apiserver/pkg/admission/plugin/resourcequota (v1.36).
"""

from kubeactors.apiserver.admission.resource_quota.ledger import Ledger
from kubeactors.apiserver.admission.resource_quota.plugin import ResourceQuotas

__all__ = ["Ledger", "ResourceQuotas"]
