"""Smaller pictures for weak networks: one encode a rendition, whatever the number of viewers."""
