"""The payment sandbox, for development and demos: it signs like the real companies."""
