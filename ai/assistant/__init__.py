"""Answers viewers' questions from facts alone, or brings them to a person."""
