"""Topics of scenarios besides workloads: each draws its first actions, and further ones.

    services.py     volumes.py       owners.py      owners and dependents            accounts.py    and their tokens
    quotas.py       ResourceQuotas   limits.py      of containers and claims         certificates.py
    sharing.py      manual endpoints and aggregated roles    derived.py    objects that controllers create
    devices.py      for pods         autoscaling.py loads and autoscalers            rules.py       admission
    rbac.py         roles            defaults.py    default classes                  field_managers.py

    topic.py        the protocol of topics

A topic may make choices for the whole scenario when it is constructed.
"""
