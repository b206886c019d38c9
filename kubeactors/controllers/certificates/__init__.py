"""CertificateSigningRequests: auto-approved where that is allowed, signed once approved, and finally removed.

    signers.py      pure: what each signer signs        plan.py         pure: auto-approval, lifetimes of requests
    authority.py    the certificate authority           controllers.py  the three controllers

Source: pkg/controller/certificates (v1.36).
"""

from kubeactors.controllers.certificates.controllers import CSRApprover, CSRCleaner, CSRSigner

__all__ = ["CSRApprover", "CSRCleaner", "CSRSigner"]
