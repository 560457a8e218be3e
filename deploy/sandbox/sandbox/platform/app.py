"""Put a platform together: register, press, routes and fault switches."""

from fastapi import FastAPI

from sandbox.platform import api
from sandbox.platform.desk import Platform, PlatformOptions
from sandbox.platform.outages import Outages


def create_platform(options: PlatformOptions) -> FastAPI:
    """Return a platform as an application; `app.state.platform` is what stands behind it."""
    platform = Platform(options)
    app = FastAPI(title="Sandbox national platform", version="1")
    app.state.platform = platform
    app.add_middleware(Outages, dice=platform.dice)
    api.include(app)
    return app
