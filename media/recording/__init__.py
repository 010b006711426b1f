"""Every stream on disk, as it came: replays, downloads, a clip per product."""
