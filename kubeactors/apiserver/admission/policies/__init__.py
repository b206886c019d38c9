"""Admission policies: validations and mutations in CEL that users write as objects.

    matching.py     which requests rules and selectors match
    policy_index.py the policies, bindings and webhooks in force
    expressions.py  evaluation: the variables of an expression, and its result
    parameters.py   the parameter objects of a binding
    validating.py   the ValidatingAdmissionPolicy plug-in
    mutating.py     the MutatingAdmissionPolicy plug-in
    literals.py     object literals of mutating policies

Source: apiserver/pkg/admission/plugin/policy/{generic,validating,mutating}, plugin/cel (v1.36).
"""
