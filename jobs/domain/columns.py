"""Spark's functions under numpy's names.

What a rating means is written once, over ``xp``: numpy where there are arrays, this module where there
are Spark's columns. Only Spark's callers import it, so nobody else needs Spark.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F


def where(condition: Column, then: Column | float, otherwise: Column | float) -> Column:
    """Return ``then`` where the condition holds, else ``otherwise``."""
    return F.when(condition, then).otherwise(otherwise)


def maximum(first: Column, second: Column | float) -> Column:
    """Return the greater of two."""
    return F.greatest(first, second if isinstance(second, Column) else F.lit(second))


def power(base: float, exponent: Column) -> Column:
    """Return the base to the power of the exponent."""
    return F.pow(F.lit(base), exponent)


def floor(number: Column) -> Column:
    """Return the greatest whole number that is not above the number."""
    return F.floor(number)


def log1p(number: Column) -> Column:
    """Return the natural logarithm of 1 + number."""
    return F.log1p(number)
