"""What scenarios may be about besides workloads: topics, each with what it begins with, and what follows.

    services.py     volumes.py       families.py    owners and what they own         accounts.py    and their tokens
    shares.py       of namespaces    limits.py      of single containers and claims  certificates.py
    sharing.py      what others are told            derived.py    what controllers make
    devices.py      for pods         loads.py       and autoscalers                  rules.py      what may be written
    rights.py       who may do what  defaults.py    what is filled in                managing.py   who says what of an object

    topic.py        what each of these is

A topic may draw at first what is the same throughout a scenario.
"""
