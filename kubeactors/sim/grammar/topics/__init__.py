"""Topics of scenarios besides workloads: each draws its first actions, and further ones.

    services.py     volumes.py       families.py    owners and dependents            accounts.py    and their tokens
    shares.py       quotas           limits.py      of containers and claims         certificates.py
    sharing.py      manual endpoints and aggregated roles    derived.py    objects that controllers create
    devices.py      for pods         loads.py       and autoscalers                  rules.py      admission
    rights.py       RBAC             defaults.py    default classes                  managing.py   field managers

    topic.py        the protocol of topics

A topic may make choices for the whole scenario when it is constructed.
"""
