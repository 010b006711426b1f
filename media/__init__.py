"""The media plane: WHIP in, WHEP and HLS out, taps, recordings."""
