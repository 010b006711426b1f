"""The table of rules as admins edit it: versioned, tried out before it counts."""
