"""alerts on this machine: the service, its worker, what shows cases, and whom notices go to."""

import os
from pathlib import Path
from typing import Any

from sandbox import children, watchers
from sandbox.folder import write_whole
from sandbox.keyring import Keyring
from sandbox.ports import HOST
from sandbox.robots import bureau, groups
from sandbox.services import Stack

SECRETS: dict[str, str] = {
    "SANDBOX_WECOM": groups.WECOM_KEY,
    "SANDBOX_DINGTALK": groups.DINGTALK_TOKEN,
    "SANDBOX_DINGTALK_SIGN": groups.DINGTALK_SECRET,
    "SANDBOX_BUREAU": bureau.BUREAU_SECRET,
}
"""What the channels' file names by its variable; made up, as the robots are."""


def start_robots(stack: Stack) -> None:
    """Start the robots, the mail server and the bureau's system that notices go to."""
    module = ["sandbox", "robots", "--port", str(stack.robots_port)]
    module += ["--smtp-port", str(stack.smtp_port)]
    log = stack.folder.log("robots")
    stack.robots.append(children.spawn("sandbox robots", module, os.environ, log))


def channels(stack: Stack) -> dict[str, Any]:
    """Return the channels of the sandbox: one of each kind, for the whole country."""
    graver = ["critical", "warning"]
    return {
        "channels": [
            {
                "name": "county-group",
                "kind": "wecom",
                "url": f"{stack.robots_url}/cgi-bin/webhook/send",
                "token_env": "SANDBOX_WECOM",
                "severities": graver,
                "quiet": False,
            },
            {
                "name": "city-group",
                "kind": "dingtalk",
                "url": f"{stack.robots_url}/robot/send",
                "token_env": "SANDBOX_DINGTALK",
                "secret_env": "SANDBOX_DINGTALK_SIGN",
                "severities": ["critical"],
            },
            {
                "name": "bureau-system",
                "kind": "webhook",
                "url": f"{stack.robots_url}/bureau/notices",
                "secret_env": "SANDBOX_BUREAU",
                "severities": graver,
                "quiet": False,
            },
            {
                "name": "operators-mail",
                "kind": "mail",
                "audience": "operator",
                "mail": {
                    "host": HOST,
                    "port": stack.smtp_port,
                    "security": "none",
                    "sender": "alerts@operators.example",
                    "recipients": ["duty@operators.example"],
                },
            },
        ]
    }


def _write_channels(stack: Stack) -> Path:
    path = stack.folder.root / "alerts-channels.yaml"
    write_whole(path, channels(stack))
    return path


def start_alerts(stack: Stack, ring: Keyring) -> None:
    """Start the service, its worker and its exporter; escrow and the registry answer by then."""
    env = alerts_env(
        stack,
        ALERTS_ESCROW_URL=stack.escrow_url,
        ALERTS_REGISTRY_URL=stack.registry_url,
        ALERTS_FEED_KEY=ring.parties["service"],
        ALERTS_CHANNELS_FILE=str(_write_channels(stack)),
        **SECRETS,
        ALERTS_CASE_URL=f"{stack.alerts_url}/supervise/cases/",
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


def start_watchers(stack: Stack, ring: Keyring) -> str:
    """Start Prometheus and Alertmanager where they are installed; return what to say of it."""
    programs = watchers.installed()
    if programs is None:
        return f"Prometheus is not installed; with it alerts fire: {watchers.INSTALL}"
    watched = watchers.Watched(
        targets={
            name: url.removeprefix("http://").removesuffix("/metrics")
            for name, url in stack.metrics_urls().items()
        },
        bridge_url=f"{stack.alerts_url}/v1/notices/alertmanager",
        key=ring.parties["service"],
        case_url=f"{stack.alerts_url}/supervise/cases/",
    )
    folder = stack.folder.root / "watchers"
    stack.watchers += watchers.start(
        programs, watched, folder, stack.folder.logs, stack.watcher_ports
    )
    urls = stack.watcher_urls()
    return f"Prometheus answers on {urls['prometheus']}, Alertmanager on {urls['alertmanager']}."


def alerts_env(stack: Stack, **more: str) -> dict[str, str]:
    """Return the environment of an alerts process: its own login, never the owner's."""
    env = {word: value for word, value in os.environ.items() if word != "DATABASE_URL"}
    return {
        **env,
        "ALERTS_DATABASE_URL": stack.alerts_login_url,
        "ALERTS_ENVIRONMENT": "sandbox",
        **more,
    }
