"""What ties the platform together."""

import os

# BLAS threads that wait keep spinning: every small product of matrices would cost 100 ms of another core.
# OpenBLAS reads this when numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
