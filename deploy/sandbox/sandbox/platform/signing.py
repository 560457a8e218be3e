"""Sign manifests with Ed25519, with a key that grows from the seed."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    """A key, and the same signature for the same words every time."""

    def __init__(self, name: str) -> None:
        """Make the key that belongs to a name; a sandbox's key is no secret."""
        seed = hashlib.sha256(f"sandbox {name}".encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> str:
        """Return the 32 bytes of the public key, in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, manifest: Mapping[str, Any]) -> str:
        """Return the signature of a manifest without one, in base64."""
        return base64.b64encode(self._key.sign(canonical(manifest))).decode()


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: sorted keys, no spaces, UTF-8."""
    return json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
