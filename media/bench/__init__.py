"""`shopcast bench media`: how fast, how many, how late, how steady."""
