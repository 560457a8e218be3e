"""alerts on this machine: the service, its worker, and what shows cases to Prometheus."""

import os

from sandbox import children
from sandbox.keyring import Keyring
from sandbox.ports import HOST
from sandbox.services import Stack


def start_alerts(stack: Stack, ring: Keyring) -> None:
    """Start the service, its worker and its exporter; escrow and the registry answer by then."""
    env = alerts_env(
        stack,
        ALERTS_ESCROW_URL=stack.escrow_url,
        ALERTS_REGISTRY_URL=stack.registry_url,
        ALERTS_FEED_KEY=ring.parties["service"],
        ALERTS_CASE_URL=f"{stack.alerts_url}/v1/cases/",
    )
    serve = {
        "ALERTS_HOST": HOST,
        "ALERTS_PORT": str(stack.alerts_port),
        "ALERTS_METRICS_PORT": str(stack.alerts_metrics[0]),
    }
    work = {"ALERTS_WORK_METRICS_PORT": str(stack.alerts_metrics[1])}
    export = {"ALERTS_EXPORTER_PORT": str(stack.alerts_metrics[2])}
    for command, more in (("serve", serve), ("work", work), ("export", export)):
        log = stack.folder.log("alerts" if command == "serve" else f"alerts-{command}")
        started = children.spawn(f"alerts {command}", ["alerts", command], {**env, **more}, log)
        stack.alerts.append(started)


def alerts_env(stack: Stack, **more: str) -> dict[str, str]:
    """Return the environment of an alerts process: its own login, never the owner's."""
    env = {word: value for word, value in os.environ.items() if word != "DATABASE_URL"}
    return {
        **env,
        "ALERTS_DATABASE_URL": stack.alerts_login_url,
        "ALERTS_ENVIRONMENT": "sandbox",
        **more,
    }
