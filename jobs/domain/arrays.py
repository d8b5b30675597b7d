"""Names for the arrays that signatures speak of: those of the models, which may not import jobs."""

from models.arrays import Floats, Floats32, Ints, Mask

__all__ = ["Floats", "Floats32", "Ints", "Mask"]
