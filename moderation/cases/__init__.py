"""What a person has to look at: one queue, claimed by one moderator at a time, decided with a reason."""
