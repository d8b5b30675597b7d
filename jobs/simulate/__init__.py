"""A synthetic town of listeners: what they hear is made up, how they choose is written down here."""
