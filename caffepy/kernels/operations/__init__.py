"""What every engine may offer, one file an operation: a spec says what to compute, a contract how
its kernel is called.

Engines' kernels name the contract by ``@implements`` (kernels.table). The reference engine has all
of them; other engines those that they do faster.
"""
