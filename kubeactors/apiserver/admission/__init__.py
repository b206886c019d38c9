"""Admission: a chain of plug-ins that change or reject requests, besides authorization and validation.

Who calls it: `apiserver/registry/registry.py`, for every write. It sends nothing; plug-ins look up other objects in the
watch cache.
Where its behaviour comes from: apiserver/pkg/admission, plugin/pkg/admission (v1.36).
"""
