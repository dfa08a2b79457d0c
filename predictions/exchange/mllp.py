"""How HL7 messages are framed on a line (MLLP), and what an acknowledgement says.

Source: HL7 v2.5.1, appendix C (minimal lower layer protocol), chapter 2 (MSA, table 0008).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from predictions.exchange.hl7_text import read

BEGIN, END = b"\x0b", b"\x1c\r"
# Of what comes in: orders and acknowledgements are short.
LONGEST = 1024 * 1024
# 0008, of the original and of the enhanced mode.
ACCEPTED, FAULTY, NOT_NOW = {"AA", "CA"}, {"AE", "CE"}, {"AR", "CR"}

Verdict = Literal["accepted", "faulty", "not now", "unknown"]


class FrameBroken(ValueError):
    """What came over the line is no message."""


@dataclass(frozen=True)
class Acknowledgement:
    """What another system says of a message.

    Args:
        verdict: accepted; faulty, and sending it again changes nothing; or not now.
        control_id: of the message that it is about.
        text: what it says, for people.
    """

    verdict: Verdict
    control_id: str
    text: str


def framed(message: str) -> bytes:
    """A message as it goes over the line, in UTF-8."""
    return BEGIN + message.encode() + END


def read_frame(receive: Callable[[int], bytes]) -> str:
    """The next message from a line; empty where the line has ended.

    Args:
        receive: gives at most so many bytes, none at the line's end.

    Raises:
        FrameBroken: it does not begin or end as it should, is too long, or is not UTF-8.
    """
    data = bytearray()
    while END not in data[-(64 * 1024) - len(END) :]:
        part = receive(64 * 1024)
        if not part:
            if data:
                raise FrameBroken("The line ended in the middle of a message.")
            return ""
        data += part
        if not data.startswith(BEGIN):
            raise FrameBroken("A message begins with the byte 0B.")
        if len(data) > LONGEST:
            raise FrameBroken(f"A message may be {LONGEST // 1024} kB long.")
    message = bytes(data[1 : data.index(END)])
    if data.index(END) + len(END) != len(data):
        raise FrameBroken("The next message came before the answer to this one.")
    try:
        return message.decode()
    except UnicodeDecodeError as error:
        if b"8859/1" in message.partition(b"\r")[0]:
            return message.decode("latin-1")
        raise FrameBroken("The message is neither in UTF-8 nor said to be in 8859/1.") from error


def acknowledgement_of(message: str) -> Acknowledgement:
    """What an ACK says.

    Raises:
        FrameBroken: it is none.
    """
    segments = {line[:3]: line.split("|") for line in message.replace("\n", "\r").split("\r")}
    msa, err = segments.get("MSA"), segments.get("ERR", [])
    if msa is None or len(msa) < 2:
        raise FrameBroken("The answer holds no MSA segment.")
    code = msa[1].strip()
    said = [msa[3] if len(msa) > 3 else "", err[8] if len(err) > 8 else ""]
    text = " ".join(filter(None, (read(each).strip() for each in said)))
    return Acknowledgement(
        verdict="accepted"
        if code in ACCEPTED
        else "faulty"
        if code in FAULTY
        else "not now"
        if code in NOT_NOW
        else "unknown",
        control_id=msa[2].strip() if len(msa) > 2 else "",
        text=f"{code}: {text}" if text else code,
    )
