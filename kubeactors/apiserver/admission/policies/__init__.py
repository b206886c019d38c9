"""Policies of admission: rules and changes in CEL that users write as objects.

    matching.py     which requests rules and selectors mean
    book.py         the policies that are in force, with their bindings
    expressions.py  what expressions speak of: the object, the request, parameters, variables
    parameters.py   the objects that parametrize a binding
    validating.py   the plug-in that refuses, or warns of, what violates a policy
    mutating.py     the plug-in that changes what is written
    literals.py     objects of types, as mutating policies write them, to maps

Source: apiserver/pkg/admission/plugin/policy/{generic,validating,mutating}, plugin/cel (v1.36).
"""
