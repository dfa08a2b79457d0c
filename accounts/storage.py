"""Heads of audit chains, signed and kept outside the database: who cuts off rows leaves a trace.

A head says how long a chain was at a moment and with which hash it ended, under a key that no
database holds (`AUDIT_KEY`). They lie in the storage `audit` (`STORAGES`): a folder, or another
place where the database's administrator cannot write.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

# Other folders, as lost+found, are none of ours.
_IS_CHAIN = re.compile(r"installation|laboratory_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class HeadDamaged(ValueError):
    """A kept head that is none, or whose signature is not ours."""


@dataclass(frozen=True)
class Head:
    """How a chain stood.

    Args:
        chain: its key.
        length: events in it.
        hash: of the last one.
        at: ISO 8601, UTC.
    """

    chain: str
    length: int
    hash: str
    at: str


def keep_head(*, chain: str, length: int, last_hash: str, at: datetime) -> None:
    """Write down how a chain stands; nothing where that is written already."""
    at = at.astimezone(UTC)
    head = Head(chain, length, last_hash, at.isoformat(timespec="seconds"))
    try:
        newest = newest_head(chain)
    except HeadDamaged:
        newest = None
    if newest is not None and (newest.length, newest.hash) == (length, last_hash):
        return
    text = json.dumps({**asdict(head), "signature": _signature(head)}, sort_keys=True)
    # By time, so that the newest is the last by name.
    name = f"{_folder(chain)}/{at:%Y%m%dT%H%M%S%f}-{length}.json"
    _storage().save(name, ContentFile(text.encode()))


def newest_head(chain: str) -> Head | None:
    """The last head that was kept of a chain; none where none was.

    Raises:
        HeadDamaged: it cannot be read, or somebody without the key wrote it.
    """
    names = _names(_folder(chain))
    if not names:
        return None
    with _storage().open(f"{_folder(chain)}/{names[-1]}") as file:
        return _read(file.read(), chain)


def chains_with_heads() -> list[str]:
    """The chains of which a head was kept, also where the database knows them no more."""
    try:
        folders, _ = _storage().listdir("")
    except FileNotFoundError:
        return []
    return sorted(folder.replace("_", ":", 1) for folder in folders if _IS_CHAIN.fullmatch(folder))


def _storage() -> Storage:
    return storages["audit"]


def _folder(chain: str) -> str:
    return chain.replace(":", "_", 1)


def _names(folder: str) -> list[str]:
    try:
        _, names = _storage().listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(name for name in names if name.endswith(".json"))


def _read(data: bytes, chain: str) -> Head:
    try:
        said: dict[str, Any] = json.loads(data)
        signature = str(said.pop("signature"))
        head = Head(**said)
    except (ValueError, KeyError, TypeError) as error:
        raise HeadDamaged("The kept head cannot be read.") from error
    is_ours = hmac.compare_digest(signature, _signature(head)) and head.chain == chain
    if not is_ours:
        raise HeadDamaged("The kept head was changed, or signed with another key.")
    return head


def _signature(head: Head) -> str:
    """HMAC-SHA-256 (RFC 2104) over all that the head says."""
    said = json.dumps(asdict(head), sort_keys=True, separators=(",", ":"))
    return hmac.new(settings.AUDIT_KEY.encode(), said.encode(), hashlib.sha256).hexdigest()
