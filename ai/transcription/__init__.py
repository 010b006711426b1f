"""A room's sound becomes text: voice activity, growing utterances, recognition, stable words first."""
