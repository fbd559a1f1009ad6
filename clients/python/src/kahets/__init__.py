"""Sends messages to kahets, the daemon of this host that brings them to Kafka."""

from .handler import KahetsHandler
from .producer import Counters, Producer, SyncResult, SyncStatus, Unsent

__all__ = ["Counters", "KahetsHandler", "Producer", "SyncResult", "SyncStatus", "Unsent"]
