"""What the routes of one process share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from registry_sync.settings import Settings, SourceSettings
from registry_sync.sync.run import Syncing
from shared.errors import NotKnown
from shared.pg.database import Database
from shared.web.keys import KeyDirectory


@dataclass(frozen=True, slots=True)
class Registry:
    """What the routes of one process share."""

    database: Database
    settings: Settings
    sources: Sequence[SourceSettings]
    syncing: Syncing
    keys: KeyDirectory

    def source(self, name: str) -> SourceSettings:
        """Return a source by its name.

        Raises:
            NotKnown: when no file names it.

        """
        for one in self.sources:
            if one.name == name:
                return one
        raise NotKnown


def registry_of(request: Request) -> Registry:
    """Return what the process shares."""
    shared: Registry = request.app.state.registry
    return shared


Shared = Annotated[Registry, Depends(registry_of)]
