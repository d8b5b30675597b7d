"""What can be wrong with a row or a file: the rule that it breaks and a sentence that says how."""


class RowFault(Exception):  # noqa: N818 - a fault of the data, not of the program
    """Costs one row."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason


class FileFault(RowFault):
    """Costs the whole file: nobody can say what it should have held."""
