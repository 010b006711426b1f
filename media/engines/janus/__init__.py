"""Janus as an engine: its VideoRoom takes hosts, its Streaming plugin serves viewers."""
