"""What a listen, a rating, a title means here: one definition a fact, for Spark and for numpy.

Below the stages, which all stand on it. No table is read here and no setting.
"""
