"""Information systems for the tests: they listen for real, and behave as they are told."""

from __future__ import annotations

import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import hl7

SILENCE_S = 3.0


@dataclass
class Heard:
    """What a system was told, and how it behaves.

    Args:
        address: host:port where it listens.
        behaviour: for the next messages, in order, then it accepts: AA, AE, AR, "drop" the line,
            "silent" for longer than anybody waits, "other" for an answer about another message.
        messages: all that came, whatever was answered.
        accepted: those that it took.
    """

    address: str = ""
    behaviour: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def next(self) -> str:
        return self.behaviour.pop(0) if self.behaviour else "AA"

    @property
    def control_ids(self) -> list[str]:
        return [str(hl7.parse(text).segment("MSH")[10]) for text in self.accepted]


@contextmanager
def mllp_system(port: int = 0, **told: Any) -> Iterator[Heard]:
    """A system that listens for HL7 messages on 127.0.0.1."""
    heard = Heard(**told)

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while text := self._read():
                heard.messages.append(text)
                how = heard.next()
                if how == "drop":
                    return
                if how == "silent":
                    time.sleep(SILENCE_S)
                    return
                control_id = str(hl7.parse(text).segment("MSH")[10])
                if how in ("AA", "CA"):
                    heard.accepted.append(text)
                if how == "other":
                    how, control_id = "AA", "another"
                answer = (
                    f"MSH|^~\\&|LIS||||20260101||ACK|1|P|2.5.1\rMSA|{how}|{control_id}|said {how}\r"
                )
                self.wfile.write(b"\x0b" + answer.encode() + b"\x1c\r")

        def _read(self) -> str:
            data = b""
            while not data.endswith(b"\x1c\r"):
                part = self.request.recv(65536)
                if not part:
                    return ""
                data += part
            return data[1:-2].decode()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", port), Line) as server:
        heard.address = f"127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        try:
            yield heard
        finally:
            server.shutdown()


@contextmanager
def fhir_server(port: int = 0, **told: Any) -> Iterator[Heard]:
    """A server that Bundles are posted to; `behaviour` holds statuses of HTTP, or "drop"."""
    heard = Heard(**told)

    class Request(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            heard.messages.append(text)
            how = heard.next()
            if how == "drop":
                self.connection.close()
                return
            status = 200 if how == "AA" else int(how)
            if status == 200:
                heard.accepted.append(text)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://{heard.address}/elsewhere")
            self.end_headers()
            outcome = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "why not"}]}
            self.wfile.write(json.dumps(outcome if status >= 400 else {}).encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Request)
    heard.address = f"127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()


class OwnProcess:
    """A system in a process of its own, which writes what it accepted into a file.

    Args:
        port: where it listens each time it is started.
        file: a line of JSON for each message.
    """

    def __init__(self, port: int, file: Path) -> None:
        self.address = f"127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "tests.information_systems", str(port), str(file)]
        self._file = file
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=Path(__file__).parent.parent)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def accepted(self) -> list[str]:
        if not self._file.is_file():
            return []
        return [json.loads(line) for line in self._file.read_text().splitlines()]


def _listen(port: int, file: Path) -> None:
    with mllp_system(port) as heard:
        told = 0
        while True:
            time.sleep(0.1)
            for message in heard.accepted[told:]:
                with file.open("a") as stream:
                    stream.write(json.dumps(message) + "\n")
                    stream.flush()
                    os.fsync(stream.fileno())
                told += 1


if __name__ == "__main__":
    _listen(int(sys.argv[1]), Path(sys.argv[2]))
