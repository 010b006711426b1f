"""The record of who did what and why: append-only, each entry sealed with the hash of the one before."""
