"""Session descriptions between our clients and Janus; pure.

Janus offers to viewers, and WHEP's viewers offer too. Both sides get an answer made from the
other's offer: each then believes that it asked, DTLS has one client (the viewer), and of two
controlling ICE agents one gives in (RFC 8445 §7.3.1.1).
"""

import re

from aiortc.sdp import SessionDescription

from media.engines.base import BadSdp
from media.engines.embedded.negotiation import Codec, LocalTransport, Offer, Section, Source, write_answer

_FINGERPRINT = re.compile(r"^a=fingerprint:(?!sha-256 ).*\r?\n", re.IGNORECASE | re.MULTILINE)
_CANDIDATE = re.compile(r"^a=candidate:.*$", re.MULTILINE)
_FID = re.compile(r"^a=ssrc-group:FID (\d+) (\d+)", re.MULTILINE)


def with_one_fingerprint(sdp: str) -> str:
    """The description with its sha-256 fingerprints alone: Janus 1.1.2 reads only the last line."""
    return _FINGERPRINT.sub("", sdp)


def viewer_answer(offer: Offer, janus_offer: str, cname: str) -> str:
    """What a viewer is answered: its own choice of codecs, Janus's transport and sources."""
    description = SessionDescription.parse(janus_offer)
    first = description.media[0]
    if first.ice is None or first.dtls is None or not first.dtls.fingerprints:
        raise BadSdp("The media server's description holds no transport.")
    retransmission = {int(a): int(b) for a, b in _FID.findall(janus_offer)}
    sources = {
        media.kind: Source(media.ssrc[0].ssrc, retransmission.get(media.ssrc[0].ssrc))
        for media in description.media
        if media.ssrc
    }
    local = LocalTransport(
        ufrag=first.ice.usernameFragment or "",
        password=first.ice.password or "",
        fingerprint=first.dtls.fingerprints[0].value,
        candidates=(),
        cname=cname,
        sources=sources,
    )
    answer = write_answer(offer, local).replace("a=ice-lite\r\n", "")
    candidates = "\r\n".join(line.strip() for line in _CANDIDATE.findall(janus_offer))
    return answer.replace("a=end-of-candidates", f"{candidates}\r\na=end-of-candidates")


def janus_answer(offer: Offer, password: str, janus_offer: str, candidates: list[str]) -> str:
    """What Janus is answered: the viewer's transport, the codecs that both know."""
    description = SessionDescription.parse(janus_offer)
    fingerprint = next((v for a, v in offer.fingerprints if a.lower() == "sha-256"), None)
    if fingerprint is None:
        raise BadSdp("A sha-256 fingerprint is needed.")
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    accepted = []
    body: list[str] = []
    for media in description.media:
        section = offer.section(media.kind)
        mid = media.rtp.muxId
        if section is None or section.codec is None:
            types = " ".join(str(f) for f in media.fmt)
            body += [f"m={media.kind} 0 UDP/TLS/RTP/SAVPF {types}", "c=IN IP4 0.0.0.0"]
            body += ["a=inactive", f"a=mid:{mid}"]
            continue
        accepted.append(mid)
        body += _media_lines(section, section.codec, mid)
        body += [
            f"a=ice-ufrag:{offer.ufrag}",
            f"a=ice-pwd:{password}",
            f"a=fingerprint:sha-256 {fingerprint}",
            "a=setup:active",
            *candidates,
            "a=end-of-candidates",
        ]
    lines.append(f"a=group:BUNDLE {' '.join(accepted)}")
    return "\r\n".join([*lines, *body]) + "\r\n"


def candidates_of(sdp: str) -> list[str]:
    """An offer's candidates that are addresses, as whole lines, each once."""
    lines = (line.strip() for line in _CANDIDATE.findall(sdp))
    return list(dict.fromkeys(line for line in lines if ".local " not in line))


def ice_password(sdp: str) -> str:
    """The first ICE password of a description."""
    found = re.search(r"^a=ice-pwd:(\S+)", sdp, re.MULTILINE)
    if found is None:
        raise BadSdp("ICE credentials are missing.")
    return found[1]


def mids_of(sdp: str) -> dict[str, str]:
    """The mid of each kind that a description takes."""
    return {media.kind: media.rtp.muxId for media in SessionDescription.parse(sdp).media if media.port}


def _media_lines(section: Section, codec: Codec, mid: str) -> list[str]:
    with_rtx = section.kind == "video" and codec.rtx is not None
    channels = f"/{codec.channels}" if codec.channels else ""
    types = f"{codec.payload_type} {codec.rtx}" if with_rtx else f"{codec.payload_type}"
    lines = [
        f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {types}",
        "c=IN IP4 0.0.0.0",
        "a=recvonly",
        f"a=mid:{mid}",
        "a=rtcp-mux",
        f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_hz}{channels}",
    ]
    if codec.fmtp:
        lines.append(f"a=fmtp:{codec.payload_type} {codec.fmtp}")
    kept = ("nack", "nack pli", "ccm fir")
    lines += [f"a=rtcp-fb:{codec.payload_type} {f}" for f in codec.feedback if f in kept]
    if with_rtx:
        lines += [
            f"a=rtpmap:{codec.rtx} rtx/{codec.clock_hz}",
            f"a=fmtp:{codec.rtx} apt={codec.payload_type}",
        ]
    return lines
