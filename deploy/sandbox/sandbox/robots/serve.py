"""Run the robots as a process of their own."""

import uvicorn

from sandbox.robots.app import RobotsOptions, create_robots

LINGER_S = 5
"""How long open connections may keep stopping robots, silent ones included."""


def serve(port: int, options: RobotsOptions) -> None:
    """Serve until told to stop."""
    uvicorn.run(
        create_robots(options),
        host=options.host,
        port=port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=LINGER_S,
    )
