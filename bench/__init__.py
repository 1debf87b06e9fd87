"""How fast is it, beside NumPy written by hand and beside its peers?  ``python -m bench``, from the repository's root.

Read contest.py (how contestants are compared), then a workload in arrays.py, mlp.py or scalar.py: each is written by
hand, in NumPy as one writes it (mlp and negative also tuned, as an expert does), and once more in the words that
peers.py gives every library.
"""

import contextlib
import ctypes
import os

# One thread for everybody, or the ratios would compare numbers of cores.  The libraries read this when imported.
for _name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["NPROC"] = "1"  # the size of JAX's pool of threads
os.environ["JAX_PLATFORMS"] = "cpu"

# Freed memory stays with the process.  Given back, it must be asked for again, page by page, and chance decides who of
# the contestants pays for that: a tenth of a large step and more.  (glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD.)
with contextlib.suppress(AttributeError, OSError, TypeError):
    ctypes.CDLL(None).mallopt(-1, 1 << 30)
    ctypes.CDLL(None).mallopt(-3, 32 << 20)
