"""A listener's tastes: clusters of the tracks they rate above 0."""

from models.tastes.profiles import Tastes, tastes

__all__ = ["Tastes", "tastes"]
