"""A payment gateway for machines without an account: it speaks the real services' wire formats.

It signs with keys of its own, keeps books of its own, and can be told to misbehave.
"""
