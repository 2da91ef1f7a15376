"""The assistant itself: affect space, encoders, catalogue and index. Never imports ``bot`` or ``discord``."""

import os

# OpenMP reads this once, when torch or FAISS is imported, which is after this line. By default its idle threads spin; beside any other
# work on a small machine they then keep each other from computing, and a message takes seconds instead of milliseconds (docs/decisions.md).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
