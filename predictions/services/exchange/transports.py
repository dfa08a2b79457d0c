"""The lines to other systems: MLLP and HTTP. What an answer means for a delivery is told here.

Only addresses that the operator allows (`EXCHANGE_HOSTS`) are spoken to.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Literal

import requests
from django.conf import settings

from predictions.exchange.mllp import FrameBroken, acknowledgement_of, framed, read_frame
from predictions.models import ResultConnection

Outcome = Literal["delivered", "refused", "later"]
_LONGEST_ANSWER = 500
_LAST_PORT = 65535
# host:port, or http(s)://host[:port]/path of letters, digits and . _ ~ - alone.
_PLAIN = re.compile(
    r"(?P<scheme>https?://)?(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?(scheme)(?:/[A-Za-z0-9._~/\-]*)?)",
    re.ASCII,
)
# What a server says that may be otherwise in a while.
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Answer:
    """What came of sending a message.

    Args:
        outcome: delivered; refused, and sending it again changes nothing; or to be tried later.
        text: what the other system said, or why nobody answered, for a person.
    """

    outcome: Outcome
    text: str


def is_allowed(address: str) -> bool:
    """Whether the operator lets results go to an address."""
    return host_of(address) in settings.EXCHANGE_HOSTS


def host_of(address: str) -> str:
    """Host and port of an address, as `EXCHANGE_HOSTS` names them; empty where it names none.

    Only plain addresses are read: in one with a user's name, a backslash or the like, two programs
    can see two hosts.
    """
    found = _PLAIN.fullmatch(address)
    if found is None:
        return ""
    usual = {"https://": "443", "http://": "80"}.get(found["scheme"] or "", "")
    port = found["port"] or usual
    return f"{found['host'].lower()}:{port}" if port and int(port) <= _LAST_PORT else ""


def send(connection: ResultConnection, message: str, control_id: str) -> Answer:
    """Send a message and wait for what the other system says."""
    if not is_allowed(connection.address):
        return Answer("later", f"The operator does not let results go to {connection.address}.")
    if connection.speaks_fhir:
        return _post(connection, message)
    return _speak(connection, message, control_id)


def _speak(connection: ResultConnection, message: str, control_id: str) -> Answer:
    host, _, port = connection.address.rpartition(":")
    try:
        with _line(host, int(port), connection) as line:
            line.sendall(framed(message))
            answer = read_frame(line.recv)
        if not answer:
            return Answer("later", "The line ended before an answer came.")
        said = acknowledgement_of(answer)
    except TimeoutError:
        return Answer("later", f"No answer within {settings.EXCHANGE_TIMEOUT_S} s.")
    except ssl.SSLError as error:
        return Answer("later", f"The line could not be secured: {error.reason or error}.")
    except OSError as error:
        return Answer("later", f"Nobody answered at {connection.address}: {error.strerror}.")
    except FrameBroken as error:
        return Answer("later", f"The answer could not be read. {error}")
    if said.control_id != control_id:
        return Answer("later", "The answer was about another message.")
    outcomes: dict[str, Outcome] = {"accepted": "delivered", "faulty": "refused"}
    return Answer(outcomes.get(said.verdict, "later"), said.text[:_LONGEST_ANSWER])


def _line(host: str, port: int, connection: ResultConnection) -> socket.socket:
    line = socket.create_connection((host, port), timeout=settings.EXCHANGE_TIMEOUT_S)
    if connection.kind != ResultConnection.Kind.MLLP_TLS:
        return line
    # Of this file alone where there is one, else whom the system trusts.
    context = ssl.create_default_context(cafile=settings.EXCHANGE_CA_FILE or None)
    if settings.EXCHANGE_CERTIFICATE_FILE:
        context.load_cert_chain(settings.EXCHANGE_CERTIFICATE_FILE)
    return context.wrap_socket(line, server_hostname=host)


def _post(connection: ResultConnection, message: str) -> Answer:
    headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
    token = settings.EXCHANGE_TOKENS.get(host_of(connection.address))
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        answer = requests.post(
            connection.address,
            data=message.encode(),
            headers=headers,
            timeout=settings.EXCHANGE_TIMEOUT_S,
            verify=settings.EXCHANGE_CA_FILE or True,
            # A server that sends us elsewhere could send patients' results anywhere.
            allow_redirects=False,
        )
    except requests.Timeout:
        return Answer("later", f"No answer within {settings.EXCHANGE_TIMEOUT_S} s.")
    except requests.RequestException as error:
        return Answer("later", f"Nobody answered at {host_of(connection.address)}: {error}"[:500])
    text = f"{answer.status_code} {answer.reason}{_diagnostics(answer)}"[:_LONGEST_ANSWER]
    if 200 <= answer.status_code < 300:
        return Answer("delivered", text)
    is_passing = answer.status_code >= 500 or answer.status_code in _PASSING
    return Answer("later" if is_passing else "refused", text)


def _diagnostics(answer: requests.Response) -> str:
    """What an OperationOutcome says, where there is one."""
    try:
        issues = json.loads(answer.text).get("issue", [])
        said = [str(each.get("diagnostics") or each["details"]["text"]) for each in issues]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return f": {' '.join(said)}" if said else ""
