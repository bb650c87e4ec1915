"""The site's keys: files outside the database, so that who can write every table still can't forge the record.

`mac.key` is 32 random bytes in hex and keys each entry of the journal; `checkpoint.key` is an Ed25519 private key
(PEM) that signs checkpoints, `checkpoint.pub` its public half, for whoever verifies elsewhere. Files have mode 600.
Keep them on another volume than the records and in another backup: a thief of both could forge an entry.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from engine.errors import KeyFileError

MAC_KEY = "mac.key"
PRIVATE_KEY = "checkpoint.key"
PUBLIC_KEY = "checkpoint.pub"
OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Keys:
    """What seals the record. The parts without a private key can still verify checkpoints."""

    mac: bytes
    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None = None

    def seal(self, purpose: str, text: str) -> str:
        """HMAC-SHA256 in hex. `purpose` keeps a seal from being passed off as one of another kind."""
        return hmac.digest(self.mac, f"{purpose}\n{text}".encode(), hashlib.sha256).hex()

    def sign(self, text: str) -> str:
        """Ed25519 signature in hex."""
        if self.private is None:
            raise KeyFileError("The private key is not here, so nothing can be signed.")
        return self.private.sign(text.encode()).hex()

    def signed(self, text: str, signature: str) -> bool:
        """True if `signature` is ours over `text`."""
        try:
            self.public.verify(bytes.fromhex(signature), text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def create_keys(folder: Path) -> Keys:
    """Make a new site's keys. Existing ones are never overwritten: without them nothing verifies any more."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = Ed25519PrivateKey.generate()
    _write_new(folder / MAC_KEY, secrets.token_hex(32).encode())
    _write_new(folder / PRIVATE_KEY, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write_new(folder / PUBLIC_KEY, public)
    return load_keys(folder)


def _write_new(path: Path, content: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeyFileError(f"{path} exists already; keys are never overwritten.") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def load_keys(folder: Path) -> Keys:
    """Read a site's keys; refused when others may read them."""
    mac = bytes.fromhex(_read_secret(folder / MAC_KEY).decode())
    if len(mac) < 32:
        raise KeyFileError(f"{folder / MAC_KEY} holds fewer than 32 bytes.")
    private = load_pem_private_key(_read_secret(folder / PRIVATE_KEY), None)
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f"{folder / PRIVATE_KEY} is no Ed25519 key.")
    return Keys(mac, private.public_key(), private)


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The public key with which anybody can verify an exported checkpoint."""
    public = load_pem_public_key(path.read_bytes())
    if not isinstance(public, Ed25519PublicKey):
        raise KeyFileError(f"{path} is no Ed25519 key.")
    return public


def _read_secret(path: Path) -> bytes:
    try:
        if os.name == "posix" and path.stat().st_mode & OTHERS:
            raise KeyFileError(f"{path} can be read by others: set its mode to 600.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise KeyFileError(f"{path} is missing. A new site gets its keys from `batchwright init`.") from error
