"""From an SDP offer to the answer of an ICE-lite server; pure, no sockets (RFC 9429, RFC 9725 §4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription, parameters_to_sdp

from media.engines.base import BadSdp, CodecNotSupported

ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
START_BITRATE_KBPS = 2500
_MAX_SDP_BYTES = 64_000
# Constrained baseline first: every viewer's decoder takes it, also those in hardware.
_PROFILE_PREFERENCE = ("42e0", "4200", "4d00", "640c", "6400")


@dataclass(frozen=True, slots=True)
class Codec:
    """A payload type as negotiated; `rtx` is the one for its retransmissions (RFC 4588)."""

    payload_type: int
    name: str
    clock_hz: int
    channels: int | None
    fmtp: str
    feedback: tuple[str, ...]
    rtx: int | None = None

    @property
    def profile(self) -> str:
        """The first two bytes of an H.264 profile-level-id, in hex; empty for other codecs."""
        for part in self.fmtp.split(";"):
            key, _, value = part.strip().partition("=")
            if key == "profile-level-id":
                return value[:4].lower()
        return ""


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line of the offer; `codec` is None where it is refused."""

    kind: str
    mid: str
    offered_direction: str
    codec: Codec | None = None
    protocol: str = "UDP/TLS/RTP/SAVPF"
    formats: tuple[str, ...] = ()
    abs_send_time: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What of an offer matters to the engine."""

    sections: tuple[Section, ...]
    ufrag: str
    fingerprints: tuple[tuple[str, str], ...]
    dtls_server: bool
    receiver_rtt: bool = False

    def section(self, kind: str) -> Section | None:
        """The first accepted m-line of a kind."""
        return next((s for s in self.sections if s.kind == kind and s.codec is not None), None)


@dataclass(frozen=True, slots=True)
class Source:
    """An outgoing stream: its SSRC and that of its retransmissions."""

    ssrc: int
    rtx_ssrc: int | None = None


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """What the answer says about this side."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: Sequence[tuple[str, int]]
    cname: str = "shopcast"
    sources: dict[str, Source] = field(default_factory=dict)


def parse_offer(sdp: str, *, role: Literal["publisher", "viewer"], profile: str | None = None) -> Offer:
    """Read and choose: Opus for audio, H.264 with packetization mode 1 for video.

    A publisher must offer H.264 where it offers video. A viewer's H.264 of the stream's own
    `profile` (four hex digits) is preferred. Raises `BadSdp` or `CodecNotSupported`.
    """
    if len(sdp) > _MAX_SDP_BYTES or not sdp.lstrip().startswith("v=0"):
        raise BadSdp("The body does not start with v=0.")
    try:
        description = SessionDescription.parse(sdp)
    except (
        AssertionError,
        AttributeError,
        IndexError,
        KeyError,
        StopIteration,
        TypeError,
        ValueError,
    ) as error:
        raise BadSdp("The session description does not parse.") from error
    wanted = "sendonly" if role == "publisher" else "recvonly"
    preference = (profile, *_PROFILE_PREFERENCE) if profile else _PROFILE_PREFERENCE
    sections = tuple(_section(media, wanted, preference) for media in description.media)
    sections = _first_of_each_kind(sections)
    _require_media(sections, description.media)
    accepted = [
        media for media, section in zip(description.media, sections, strict=True) if section.codec is not None
    ]
    ice, dtls = accepted[0].ice, accepted[0].dtls
    if ice is None or not ice.usernameFragment or not ice.password:
        raise BadSdp("ICE credentials are missing.")
    if dtls is None or not dtls.fingerprints:
        raise BadSdp("The DTLS fingerprint or setup role is missing.")
    return Offer(
        sections=sections,
        ufrag=ice.usernameFragment,
        fingerprints=tuple((f.algorithm, f.value) for f in dtls.fingerprints),
        dtls_server=dtls.role != "server",
        receiver_rtt="a=rtcp-xr:rcvr-rtt=all" in sdp,
    )


def write_answer(offer: Offer, local: LocalTransport) -> str:
    """The answer: ICE-lite, everything bundled on the first accepted m-line's transport."""
    bundled = " ".join(s.mid for s in offer.sections if s.codec is not None)
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {bundled}",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS *",
    ]
    for section in offer.sections:
        lines += _media_lines(section, offer, local)
    return "\r\n".join(lines) + "\r\n"


def credentials_of_fragment(fragment: str) -> tuple[str, str] | None:
    """The (ufrag, password) in a `trickle-ice-sdpfrag` (RFC 8840 §9), None where it has none."""
    found: dict[str, str] = {}
    for line in fragment.splitlines():
        name, _, value = line.strip().partition(":")
        if name in ("a=ice-ufrag", "a=ice-pwd"):
            found[name] = value
        elif line.strip() and not (line.startswith(("a=", "m=")) and len(line) < 2000):
            raise BadSdp("The fragment holds a line that is neither a= nor m=.")
    if len(found) == 2:
        return found["a=ice-ufrag"], found["a=ice-pwd"]
    return None


def _section(media: MediaDescription, wanted: str, preference: Sequence[str]) -> Section:
    formats = tuple(str(f) for f in media.fmt)
    plain = Section(
        kind=media.kind,
        mid=media.rtp.muxId or "0",
        offered_direction=media.direction or "sendrecv",
        protocol=media.profile,
        formats=formats,
    )
    rejected = media.port == 0 or plain.offered_direction not in (wanted, "sendrecv")
    if rejected or not media.rtcp_mux or media.kind not in ("audio", "video"):
        return plain
    codecs = list(_codecs(media))
    if media.kind == "audio":
        codec = next((c for c in codecs if c.name.lower() == "opus"), None)
    else:
        usable = [c for c in codecs if c.name.upper() == "H264" and _mode_one(c)]
        codec = min(usable, key=lambda c: _rank(c.profile, preference), default=None)
    abs_send_time = next((e.id for e in media.rtp.headerExtensions if e.uri == ABS_SEND_TIME), None)
    return replace(plain, codec=codec, abs_send_time=abs_send_time)


def _mode_one(codec: Codec) -> bool:
    return "packetization-mode=1" in codec.fmtp.replace(" ", "")


def _rank(profile: str, preference: Sequence[str]) -> int:
    return preference.index(profile) if profile in preference else len(preference)


def _codecs(media: MediaDescription) -> Iterator[Codec]:
    offered: list[RTCRtpCodecParameters] = media.rtp.codecs
    rtx = {c.parameters.get("apt"): c.payloadType for c in offered if c.name.lower() == "rtx"}
    for codec in offered:
        if codec.payloadType is None:
            continue
        feedback = tuple(f"{f.type} {f.parameter}" if f.parameter else f.type for f in codec.rtcpFeedback)
        yield Codec(
            payload_type=codec.payloadType,
            name=codec.name,
            clock_hz=codec.clockRate,
            channels=codec.channels,
            fmtp=parameters_to_sdp(codec.parameters),
            feedback=feedback,
            rtx=rtx.get(codec.payloadType),
        )


def _first_of_each_kind(sections: Sequence[Section]) -> tuple[Section, ...]:
    seen: set[str] = set()
    result = []
    for section in sections:
        if section.codec is not None and section.kind in seen:
            section = replace(section, codec=None)
        if section.codec is not None:
            seen.add(section.kind)
        result.append(section)
    return tuple(result)


def _require_media(sections: Sequence[Section], media: Sequence[MediaDescription]) -> None:
    video_offered = any(m.kind == "video" and m.port != 0 for m in media)
    video_taken = any(s.kind == "video" and s.codec is not None for s in sections)
    if video_offered and not video_taken:
        raise CodecNotSupported(
            "Video must be H.264 with packetization-mode=1; VP8, VP9 and AV1 are not passed on."
        )
    if not any(s.codec is not None for s in sections):
        raise BadSdp("There is no audio or video to take.")


def _media_lines(section: Section, offer: Offer, local: LocalTransport) -> list[str]:
    codec = section.codec
    if codec is None:
        formats = " ".join(section.formats)
        return [
            f"m={section.kind} 0 {section.protocol} {formats}",
            "c=IN IP4 0.0.0.0",
            "a=inactive",
            f"a=mid:{section.mid}",
        ]
    source = local.sources.get(section.kind)
    with_rtx = codec.rtx is not None and (source is None or source.rtx_ssrc is not None)
    types = f"{codec.payload_type} {codec.rtx}" if with_rtx else f"{codec.payload_type}"
    lines = [
        f"m={section.kind} 9 {section.protocol} {types}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{'passive' if offer.dtls_server else 'active'}",
        f"a=mid:{section.mid}",
        f"a={'recvonly' if source is None else 'sendonly'}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]
    if offer.receiver_rtt and source is not None:
        # Who only receives learns the round trip from us, and so how long to wait for what is lost.
        lines.append("a=rtcp-xr:rcvr-rtt=all")
    lines += _codec_lines(section, codec, publisher=source is None)
    if with_rtx:
        lines += [f"a=rtpmap:{codec.rtx} rtx/{codec.clock_hz}"]
        lines += [f"a=fmtp:{codec.rtx} apt={codec.payload_type}"]
    if source is not None:
        lines += _source_lines(section.kind, source, local.cname, with_rtx)
    lines += [
        f"a=candidate:{number} 1 udp {2130706431 - number} {host} {port} typ host"
        for number, (host, port) in enumerate(local.candidates, 1)
    ]
    return [*lines, "a=end-of-candidates"]


def _codec_lines(section: Section, codec: Codec, *, publisher: bool) -> list[str]:
    channels = f"/{codec.channels}" if codec.channels else ""
    number = codec.payload_type
    lines = [f"a=rtpmap:{number} {codec.name}/{codec.clock_hz}{channels}"]
    if section.kind == "audio":
        lines.append(f"a=fmtp:{number} minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1")
    else:
        start = f";x-google-start-bitrate={START_BITRATE_KBPS}" if publisher else ""
        lines.append(f"a=fmtp:{number} {codec.fmtp}{start}")
    kept = ("nack", "nack pli", "ccm fir", *(("goog-remb",) if publisher else ()))
    lines += [f"a=rtcp-fb:{number} {feedback}" for feedback in codec.feedback if feedback in kept]
    if publisher and section.abs_send_time is not None:
        lines.append(f"a=extmap:{section.abs_send_time} {ABS_SEND_TIME}")
    return lines


def _source_lines(kind: str, source: Source, cname: str, with_rtx: bool) -> list[str]:
    lines = [f"a=msid:{cname} {kind}"]
    if with_rtx:
        lines.append(f"a=ssrc-group:FID {source.ssrc} {source.rtx_ssrc}")
    lines.append(f"a=ssrc:{source.ssrc} cname:{cname}")
    if with_rtx:
        lines.append(f"a=ssrc:{source.rtx_ssrc} cname:{cname}")
    return lines
