"""The embedded engine: ICE-lite, DTLS-SRTP and RTP fan-out on one UDP port of this process."""
