"""A batch that is refused whole: nothing of it is believed, the last good state stays."""

from registry_sync.domain.words import BatchFault
from shared.errors import YikeError


class BatchRefused(YikeError):
    """Nothing of this batch is believed: what was held before stays as it is."""

    def __init__(self, fault: BatchFault, sentence: str) -> None:
        """Take what is wrong, and the sentence that says so to whoever sent the batch."""
        super().__init__(sentence)
        self.fault = fault
