"""flowcontrol.apiserver.k8s.io/v1: API priority and fairness."""
