"""A national platform of training institutions to mirror, well-behaved or not.

It lists some thousands of made-up institutions, publishes versions of its list as signed
manifests, compressed parts and deltas, and takes changes at a desk.
Its fault switches make it as wrong, late, empty and confused as real upstreams are.
"""

from sandbox.platform.app import create_platform
from sandbox.platform.desk import PlatformOptions
from sandbox.platform.faults import Faults

__all__ = ["Faults", "PlatformOptions", "create_platform"]
