"""Speed, memory and growth, each measured beside a named floor."""

import engine as engine  # first, so that torch and FAISS are loaded under the thread settings the product runs with
