"""What of an Opus packet can be told and made without a codec (RFC 6716 §3)."""

_SILENT_20_MS = b"\xff\xfe"
_CELT_20_MS_MONO = 31 << 3


def duration_ms(packet: bytes) -> float:
    """How long a packet sounds; 0 for an empty one."""
    if not packet:
        return 0.0
    configuration, code = packet[0] >> 3, packet[0] & 3
    if configuration < 12:
        frame_ms = (10.0, 20.0, 40.0, 60.0)[configuration & 3]
    elif configuration < 16:
        frame_ms = (10.0, 20.0)[configuration & 1]
    else:
        frame_ms = (2.5, 5.0, 10.0, 20.0)[configuration & 3]
    if code < 3:
        return frame_ms * (1 if code == 0 else 2)
    return frame_ms * (packet[1] & 0x3F) if len(packet) > 1 else 0.0


def silence_like(packet: bytes) -> bytes:
    """A packet of silence as long as `packet`, so that the stream's timing stays as it is."""
    frames, rest = divmod(duration_ms(packet), 20.0)
    if rest or frames < 1:
        # Shorter than 20 ms: the frame size of CELT that fits, mono.
        size = {2.5: 28, 5.0: 29, 10.0: 30}.get(duration_ms(packet), 31)
        return bytes([size << 3]) + _SILENT_20_MS
    if frames == 1:
        return bytes([_CELT_20_MS_MONO]) + _SILENT_20_MS
    return bytes([_CELT_20_MS_MONO | 3, int(frames)]) + _SILENT_20_MS * int(frames)
