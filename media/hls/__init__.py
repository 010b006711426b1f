"""Low-latency HLS (RFC 8216bis) from the pictures that pass through."""
