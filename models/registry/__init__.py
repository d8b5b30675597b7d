"""Model versions in an object store: immutable folders with a card, and one champion pointer."""

from models.registry.card import Card, Interval
from models.registry.registry import Registry
from models.registry.store import Store

__all__ = ["Card", "Interval", "Registry", "Store"]
