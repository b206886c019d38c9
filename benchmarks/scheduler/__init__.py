"""How fast pods are scheduled: upstream's scheduler_perf workloads against a real API server and store in this process.

No kubelets: a pod counts when it has its node. Thresholds are upstream's, below which its own continuous
integration fails.

Source: test/integration/scheduler_perf (v1.36).
"""
