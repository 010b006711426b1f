"""What is imposed on people, products and streams: with a reason, a rule, and an end that comes by itself."""
