"""The process that listens for orders: MLLP in, samples made, acknowledgements out.

Who may speak is asked before a byte is read: a peer that the operator named, by its address.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import socketserver
import ssl

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from predictions.exchange.mllp import FrameBroken, framed, read_frame
from predictions.models import OrderPeer
from predictions.services.exchange.orders import answer_message, not_now

logger = logging.getLogger(__name__)

# A line on which nothing comes is closed; other systems open it again.
SILENT_FOR_S = 10 * 60


class Listener(socketserver.ThreadingTCPServer):
    """Listens until it is shut down; each line has a thread of its own."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 32

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Line)
        self.tls = tls

    def verify_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> bool:
        """Whether the address is one of a peer."""
        close_old_connections()
        address = str(client_address[0])  # type: ignore[index]
        try:
            known = peer_at(address) is not None
        except DatabaseError:
            # Whoever speaks opens the line again; who waits for the database waits for nothing.
            logger.exception("A line was closed, since the database does not answer.")
            return False
        # Who asks from this machine is whoever looks whether the process is well.
        if not known and not ipaddress.ip_address(address).is_loopback:
            logger.warning("A line from an address that is no peer's was closed.")
        return known


class _Line(socketserver.BaseRequestHandler):
    """One line: messages one after the other, each answered before the next is read."""

    server: Listener

    def handle(self) -> None:
        line: socket.socket = self.request
        line.settimeout(SILENT_FOR_S)
        try:
            if self.server.tls is not None:
                line = self.server.tls.wrap_socket(line, server_side=True)
            while message := read_frame(line.recv):
                line.sendall(framed(self._answer(message)))
        except FrameBroken as error:
            logger.warning("A line was closed: %s", error)
        except (OSError, ssl.SSLError):
            logger.info("A line ended.")
        finally:
            close_old_connections()

    def _answer(self, message: str) -> str:
        close_old_connections()
        # Asked anew each time: a peer that is switched off meanwhile is heard no more.
        peer = peer_at(self.client_address[0])
        if peer is None:
            raise FrameBroken("The peer is switched off.")
        try:
            return answer_message(peer=peer, message=message)
        # The edge of this process: whoever sent it has to hear that it was not taken.
        except Exception:
            logger.exception("An order of peer %s could not be followed.", peer.pk)
            return not_now(message)


def peer_at(address: str) -> OrderPeer | None:
    """The peer that speaks from an address; none if nobody may."""
    # An IPv4 address on a line of IPv6.
    address = address.removeprefix("::ffff:")
    rows = OrderPeer.objects.select_related("laboratory")
    return rows.filter(address=address, is_active=True).first()


def tls_of_settings() -> ssl.SSLContext | None:
    """The certificate that peers are shown; none where the line is plain."""
    if not settings.EXCHANGE_CERTIFICATE_FILE:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.EXCHANGE_CERTIFICATE_FILE)
    if settings.EXCHANGE_CA_FILE:
        context.load_verify_locations(settings.EXCHANGE_CA_FILE)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
