"""How fast is it, beside NumPy written by hand and beside its peers?  ``python -m bench``, from the repository's root.

Read contest.py (how things are measured), then any workload: each is one file that holds the same computation written
once for every contestant.
"""

import os

# One thread for everybody, or the ratios would compare numbers of cores.  The libraries read this when imported.
for _name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["NPROC"] = "1"  # the size of JAX's pool of threads
os.environ["JAX_PLATFORMS"] = "cpu"
