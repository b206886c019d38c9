"""Admission: rules about requests that are neither authorization nor validation, as plug-ins in a chain.

Who calls it: `apiserver/registry/registry.py`, for every write. It sends nothing; what plug-ins must know of other
objects they look up in the watch cache.
Where its behaviour comes from: apiserver/pkg/admission, plugin/pkg/admission (v1.36).
"""
