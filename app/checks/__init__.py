"""Searches for broken promises: seeded, repeatable, against real servers."""
