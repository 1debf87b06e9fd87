"""Other processors, as far as one machine can be made to compute as they do.

python .ci/processors.py                 says which, and what comes out of a sum of products and of exp there
python .ci/processors.py COMMAND         runs a command as on each of them
python .ci/processors.py --same COMMAND  and what it prints must be the same, but for times

The last bit of a sum depends on the order in which it is added up, and so on the processor and the number of threads;
what is shown and tested must not.  OpenBLAS takes the name of a processor from OPENBLAS_CORETYPE.  Where NumPy has
another BLAS, that changes nothing.  NumPy's own loops leave out what stands in NPY_DISABLE_CPU_FEATURES.
"""

import os
import platform
import re
import subprocess
import sys
from itertools import pairwise

from numpy._core import _multiarray_umath as core

HAS = core.__cpu_features__
TIMES = re.compile(r"[\d.,]+(?= m?s\b| a second\b| pairs in a second\b)")
LOOK = """
import zlib, numpy as np
x = np.random.default_rng(0).normal(size=(200, 200))
print(f"  product {zlib.crc32(x @ x):08x}, exp {zlib.crc32(np.exp(x)):08x}, NumPy {np.__version__}")
"""


def processors() -> dict[str, dict[str, str]]:
    """What is set for each, by a name: new kernels in one thread; old ones in two, and NumPy's plainest loops."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        new, old = "CORTEXA57", "ARMV8"
    else:  # without AVX2 the kernels for Haswell would be illegal instructions
        new, old = "Haswell" if HAS.get("AVX2") else "Nehalem", "Nehalem"
    # NumPy objects to features that it has no loops for, or the processor does not have.
    features = " ".join(name for name in core.__cpu_dispatch__ if HAS.get(name))
    return {
        f"{new}, 1 thread": {"OPENBLAS_CORETYPE": new, "OPENBLAS_NUM_THREADS": "1"},
        f"{old}, 2 threads, without {features or 'anything that NumPy can leave out'}": {
            "OPENBLAS_CORETYPE": old,
            "OPENBLAS_NUM_THREADS": "2",
            **({"NPY_DISABLE_CPU_FEATURES": features} if features else {}),
        },
    }


def main(words: list[str]) -> int:
    """Run the command on each; the first exit code that is not 0."""
    same = words[:1] == ["--same"]
    command = words[same:] or [sys.executable, "-W", "error", "-c", LOOK]
    printed = []
    for name, settings in processors().items():
        print(f"-- as on {name}", flush=True)
        done = subprocess.run(
            command, env={**os.environ, **settings}, stdout=subprocess.PIPE if same else None, encoding="utf-8"
        )
        if done.returncode:
            print(done.stdout or "", end="")
            return done.returncode
        printed.append(TIMES.sub("...", done.stdout or ""))
    for one, other in pairwise(printed):
        for a, b in zip(one.splitlines(), other.splitlines()):
            if a != b:
                print(f"It prints\n  {a}\nas on the first, and\n  {b}\nas on another")
        if one != other:
            return 1
    if same:
        print(f"The {printed[0].count(chr(10)):,} lines that it prints are the same")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
