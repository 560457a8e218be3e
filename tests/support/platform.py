"""A reader of the sandbox's platform that believes nothing it has not checked."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI

Site = dict[str, Any]


class Reader:
    """Reads a platform as a mirror would, and works its desk."""

    def __init__(self, app: FastAPI) -> None:
        """Reach an application in this process."""
        self.app = app
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://platform"
        )

    async def manifest(self) -> dict[str, Any]:
        """Return the manifest."""
        answer = await self.http.get("/manifest")
        assert answer.status_code == 200, answer.text
        manifest: dict[str, Any] = answer.json()
        return manifest

    async def lines(self, entry: dict[str, Any]) -> list[bytes]:
        """Return the lines of one file, after checking that it is what the manifest says."""
        content = (await self.http.get(entry["url"])).content
        assert len(content) == entry["bytes"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        lines = gzip.decompress(content).splitlines()
        assert len(lines) == entry["count"]
        return lines

    async def full(self) -> list[Site]:
        """Return every row of the version that is shown."""
        full = (await self.manifest())["full"]
        lines = [line for part in full["parts"] for line in await self.lines(part)]
        assert len(lines) == full["count"]
        return [json.loads(line) for line in lines]

    async def newest_delta(self) -> list[Site]:
        """Return the rows of the delta to the version that is shown."""
        manifest = await self.manifest()
        [entry] = [d for d in manifest["deltas"] if d["to"] == manifest["version"]]
        return [json.loads(line) for line in await self.lines(entry)]

    async def is_signed(self, manifest: dict[str, Any]) -> bool:
        """Return whether the platform's key signed this manifest."""
        key = (await self.http.get("/desk/key")).json()["public_key"]
        words = {name: value for name, value in manifest.items() if name != "signature"}
        text = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        try:
            Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(
                base64.b64decode(manifest["signature"]), text.encode()
            )
        except InvalidSignature:
            return False
        return True

    async def turn(self, **faults: float) -> None:
        """Turn the switches."""
        answer = await self.http.put("/desk/faults", json=faults)
        assert answer.status_code == 200, answer.text

    async def change(self, *sites: Site) -> dict[str, int]:
        """Change sites."""
        answer = await self.http.post("/desk/change", json={"items": sites})
        assert answer.status_code == 201, answer.text
        counts: dict[str, int] = answer.json()
        return counts

    async def publish(self) -> int:
        """Publish the next version and return its number."""
        return int((await self.http.post("/desk/publish")).json()["version"])


OpenPlatform = Callable[..., Reader]
"""Opens a platform with some options of its own."""
