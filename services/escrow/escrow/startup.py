"""Escrow as a process that starts."""

from typing import Final

from escrow.ledger.feed import check_epoch
from shared.service.startup import Service

SERVICE: Final = Service("escrow", "escrow", check_epoch)
