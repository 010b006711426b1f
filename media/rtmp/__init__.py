"""RTMP in, for encoders without WHIP."""
