"""Media engines: what terminates WebRTC and fans a stream out."""
