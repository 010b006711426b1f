"""DTLS-SRTP (RFC 5764) for one peer, driven by datagrams and time; owns no socket."""

import datetime
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

_MAX_DATAGRAM = 1200
_RECORD_HEADER = 13
_REPLAY_WINDOW = 1024
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}
_CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA"


class DtlsFailed(Exception):
    """The handshake cannot succeed: wrong certificate, no common SRTP profile, broken records."""


@dataclass(frozen=True, slots=True)
class _Profile:
    libsrtp: int
    openssl: bytes
    key_length: int
    salt_length: int


# GCM first: it costs two thirds of the SHA-1 profile with AES instructions.
_PROFILES = (
    _Profile(Policy.SRTP_PROFILE_AEAD_AES_128_GCM, b"SRTP_AEAD_AES_128_GCM", 16, 12),
    _Profile(Policy.SRTP_PROFILE_AES128_CM_SHA1_80, b"SRTP_AES128_CM_SHA1_80", 16, 14),
)


def _supported(profile: _Profile) -> bool:
    try:
        Policy(srtp_profile=profile.libsrtp)
    except SrtpError:
        return False
    return True


_USABLE_PROFILES = tuple(profile for profile in _PROFILES if _supported(profile))


class Certificate:
    """A self-signed certificate, one per process; its fingerprint goes into every answer."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(16))])
        now = datetime.datetime.now(tz=datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = _fingerprint(certificate, "sha-256")
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.set_options(SSL.OP_NO_TICKET)
        self.context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # nobody resumes; kept ones would pile up
        self.context.set_verify(
            SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True
        )  # the fingerprint from the signalling decides (RFC 8122)
        self.context.use_certificate(certificate)
        self.context.use_privatekey(key)
        self.context.set_cipher_list(_CIPHERS)
        self.context.set_tlsext_use_srtp(b":".join(p.openssl for p in _USABLE_PROFILES))


def _fingerprint(certificate: x509.Certificate, algorithm: str) -> str:
    return certificate.fingerprint(_DIGESTS[algorithm]).hex(":").upper()


class DtlsSession:
    """One handshake and the SRTP sessions that come of it.

    `send` is given the datagrams to put on the wire. `incoming` and `outgoing` exist once
    `connected` is true. Only the peer's certificate that `fingerprints` names is accepted.
    """

    def __init__(
        self,
        certificate: Certificate,
        *,
        server: bool,
        fingerprints: Iterable[tuple[str, str]],
        send: Callable[[bytes], None],
    ) -> None:
        self._server = server
        self._fingerprints = [(name.lower(), value.upper()) for name, value in fingerprints]
        self._send = send
        self._connection = SSL.Connection(certificate.context)
        self._connection.set_ciphertext_mtu(_MAX_DATAGRAM)
        if server:
            self._connection.set_accept_state()
        else:
            self._connection.set_connect_state()
        self.connected = False
        self.closed_by_peer = False
        self.incoming: Session | None = None
        self.outgoing: Session | None = None

    def start(self) -> None:
        """Send the first flight where this side is the client."""
        if not self._server:
            self._advance()

    def receive(self, datagram: bytes) -> None:
        """Take one DTLS datagram; raises `DtlsFailed` when the handshake is lost."""
        self._connection.bio_write(datagram)
        if not self.connected:
            self._advance()
            return
        try:
            self._connection.recv(1500)
        except SSL.ZeroReturnError:
            self.closed_by_peer = True
        except SSL.Error:
            pass  # nothing for the application, or a record that does not decrypt
        self._flush()

    def timeout_s(self) -> float | None:
        """Seconds until `retransmit` is due; None when nothing waits."""
        return None if self.connected else self._connection.DTLSv1_get_timeout()

    def retransmit(self) -> None:
        """Send the last flight again where its time is up (RFC 6347 §4.2.4)."""
        self._connection.DTLSv1_handle_timeout()
        self._flush()

    def close(self) -> None:
        """Tell the peer that this is the end, and let go of whoever sends."""
        if self.connected:
            try:
                self._connection.shutdown()
                self._flush()
            except SSL.Error:
                pass
        self._send = _nowhere

    def _advance(self) -> None:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        except SSL.Error as error:
            self._flush()
            raise DtlsFailed(f"handshake failed: {error}") from error
        self._flush()
        self._check_certificate()
        self._derive_keys()
        self.connected = True

    def _check_certificate(self) -> None:
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        known = [(name, value) for name, value in self._fingerprints if name in _DIGESTS]
        if certificate is None or not known:
            raise DtlsFailed("no certificate or no usable fingerprint")
        if any(_fingerprint(certificate, name) != value for name, value in known):
            raise DtlsFailed("the certificate is not the one of the session description")

    def _derive_keys(self) -> None:
        chosen = self._connection.get_selected_srtp_profile()
        profile = next((p for p in _USABLE_PROFILES if p.openssl == chosen), None)
        if profile is None:
            raise DtlsFailed("no common SRTP profile")
        key, salt = profile.key_length, profile.salt_length
        material = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))

        def master(index: int) -> bytes:
            salts = material[2 * key :]
            return material[index * key : (index + 1) * key] + salts[index * salt : (index + 1) * salt]

        own, other = (1, 0) if self._server else (0, 1)
        self.incoming = _session(profile, master(other), Policy.SSRC_ANY_INBOUND)
        self.outgoing = _session(profile, master(own), Policy.SSRC_ANY_OUTBOUND)

    def _flush(self) -> None:
        for datagram in _datagrams(self._read_bio()):
            self._send(datagram)

    def _read_bio(self) -> bytes:
        chunks = []
        while True:
            try:
                chunks.append(self._connection.bio_read(16384))
            except SSL.Error:
                return b"".join(chunks)


def _nowhere(datagram: bytes) -> None:
    """Where a closed session's datagrams go."""


def _session(profile: _Profile, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.libsrtp)
    policy.allow_repeat_tx = True
    policy.window_size = _REPLAY_WINDOW
    return Session(policy)


def _datagrams(records: bytes) -> Iterator[bytes]:
    """Cut a run of DTLS records into datagrams that fit a path, never inside a record."""
    start = position = 0
    while position + _RECORD_HEADER <= len(records):
        length = _RECORD_HEADER + int.from_bytes(records[position + 11 : position + 13], "big")
        if position + length - start > _MAX_DATAGRAM and position > start:
            yield records[start:position]
            start = position
        position += length
    if position > start:
        yield records[start:position]
