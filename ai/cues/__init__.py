"""What the host's words mean for the room: the product presented, and prices, stock and actions named."""
