"""Solvers: the training loop, the update rules, the rate policies, snapshots."""
