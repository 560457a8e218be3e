"""Those whom notices go to, to try the sending of notices against.

A group robot of 企业微信, one of 钉钉, a bureau's own system that checks signatures, and a mail
server that delivers to nobody. They keep the rules of the real ones (lengths in bytes, twenty
messages a minute, signatures), write down what they received, and their fault switches make them
as full, busy, silent and forgetful as the real ones are.
"""

from sandbox.robots.app import RobotsOptions, create_robots
from sandbox.robots.faults import Faults

__all__ = ["Faults", "RobotsOptions", "create_robots"]
