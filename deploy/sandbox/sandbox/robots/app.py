"""Put the robots together: desk, routes, fault switches, and the mail server while they run."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import FastAPI

from sandbox.robots import bureau, counter, groups
from sandbox.robots.desk import PER_MINUTE, Desk
from sandbox.robots.outages import Outages
from sandbox.robots.smtp import MailSink


@dataclass(frozen=True, slots=True)
class RobotsOptions:
    """Where mail is taken, and how many messages a robot takes in a minute."""

    host: str = "127.0.0.1"
    smtp_port: int | None = None
    """Unset: no mail is taken; 0: on whatever port is free."""
    per_minute: int = PER_MINUTE


def create_robots(options: RobotsOptions) -> FastAPI:
    """Return the robots as an application; `app.state.desk` is what they remember.

    Mail is taken while the application's lifespan runs; `app.state.smtp_port` says where.
    """
    desk = Desk(per_minute=options.per_minute)
    sink = MailSink(desk)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if options.smtp_port is None:
            yield
            return
        listener = await sink.serve(options.host, options.smtp_port)
        app.state.smtp_port = listener.sockets[0].getsockname()[1]
        yield
        listener.close()
        sink.hang_up()

    app = FastAPI(title="Sandbox robots", version="1", lifespan=lifespan)
    app.state.desk = desk
    app.add_middleware(Outages, desk=desk)
    for part in (groups, bureau, counter):
        part.include(app)
    return app
