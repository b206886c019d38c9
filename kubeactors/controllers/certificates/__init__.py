"""Certificates: requests are approved where nobody need be asked, signed once approved, and removed in the end.

    signers.py      pure: what each signer signs            plan.py         pure: approval by itself, lives of requests
    authority.py    signs                                   controllers.py  the three controllers

Source: pkg/controller/certificates (v1.36).
"""

from kubeactors.controllers.certificates.controllers import CSRApprover, CSRCleaner, CSRSigner

__all__ = ["CSRApprover", "CSRCleaner", "CSRSigner"]
