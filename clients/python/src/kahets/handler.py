"""A handler of `logging` whose records go to a bucket."""

from __future__ import annotations

import logging
from typing import Optional

from .producer import Producer


class KahetsHandler(logging.Handler):
    """Sends each record, formatted, as a message. Records of this package itself are left out."""

    def __init__(self, bucket: str, producer: Optional[Producer] = None, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._bucket = bucket
        self.producer = producer or Producer()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "kahets":
            return
        try:
            self.producer.send(self._bucket, self.format(record))
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        self.producer.flush()

    def close(self) -> None:
        self.producer.flush()
        super().close()
