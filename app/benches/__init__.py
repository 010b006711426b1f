"""Measurements of the running platform, from outside, over HTTP."""
