"""The shop behind the stream: what is sold, held, ordered, paid and shipped."""
