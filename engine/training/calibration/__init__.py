"""Bring text, emoji and audio onto one scale and choose the weights of the distance, on development data alone."""
