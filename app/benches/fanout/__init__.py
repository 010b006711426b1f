"""`shopcast bench fanout`: one room, many viewers, beside nchan and Socket.IO at the same work."""
