"""The national platform's desk, and what becomes here of what it lists."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.parties import Json, ok

NORMAL = "正常"
REVOKED = "吊销"

SECONDS = 30.0
"""Longest way from the platform's word to its effect here, on a machine that tests share."""


@dataclass
class Licensing:
    """Whoever works at the platform, and whoever looks things up in the mirror."""

    sandbox: Sandbox
    desk: httpx.Client = field(init=False)
    citizen: httpx.Client = field(init=False)
    """Asks without a key."""

    def __post_init__(self) -> None:
        """Call the platform and the registry."""
        self.desk = httpx.Client(base_url=self.sandbox.platform, timeout=10)
        self.citizen = self.sandbox.registry()

    def list(self, *sites: dict[str, Any]) -> int:
        """List sites, or change how they are listed; return the version they are in."""
        answer = ok(self.desk.post("/desk/change", json={"items": list(sites)}), 201)
        version: int = answer["version"]
        return version

    def wait_mirrored(self, version: int) -> None:
        """Wait until a version is held."""
        with self.sandbox.registry(self.sandbox.key("supervisor")) as officer:

            def is_held() -> bool:
                items = ok(officer.get("/v1/sources"))["items"]
                return any((one["version"] or 0) >= version for one in items)

            wait_until(is_held, SECONDS)

    def read(self, path: str, **params: str) -> httpx.Response:
        """Read something as any citizen may, who comes back later when told to."""
        answer = self.citizen.get(path, params=params)
        while answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            time.sleep(int(answer.headers["Retry-After"]))
            answer = self.citizen.get(path, params=params)
        return answer

    def look_up(self, institution_id: str) -> Json:
        """Look an institution up."""
        return ok(self.read(f"/v1/institutions/{institution_id}"))

    def close(self) -> None:
        """Hang up."""
        self.desk.close()
        self.citizen.close()
