"""The assistant itself: affect space, encoders, catalogue and index. Never imports ``bot`` or ``discord``."""
