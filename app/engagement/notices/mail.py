"""E-mail by SMTP (RFC 5321)."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from urllib.parse import unquote, urlsplit

TIMEOUT_S = 20.0
SUBMISSION_PORT = 587
TLS_PORT = 465


class Mailer:
    """Sends by one server: `smtp://user:password@host:587` (TLS where offered), `smtps://…` (TLS at once)."""

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._sender = sender

    def message(self, to: str, subject: str, text: str, *, from_name: str = "Shopcast") -> EmailMessage:
        """A plain text message; header fields cannot be broken out of (ValueError)."""
        message = EmailMessage()
        message["From"] = formataddr((from_name, self._sender))
        message["To"] = to
        message["Subject"] = subject
        message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def send(self, messages: Sequence[EmailMessage]) -> int:
        """Send over one connection, blocking; how many were taken. Raises OSError, SMTPException.

        A recipient whom the server refuses leaves the others as they are.
        """
        sent = 0
        with self._connect() as server:
            for message in messages:
                try:
                    server.send_message(message)
                except smtplib.SMTPRecipientsRefused:
                    continue
                sent += 1
        return sent

    def _connect(self) -> smtplib.SMTP:
        host = self._url.hostname or "localhost"
        context = ssl.create_default_context()
        if self._url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, self._url.port or TLS_PORT, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(host, self._url.port or SUBMISSION_PORT, timeout=TIMEOUT_S)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return server
