"""How much of a listener's list explores, learnt from what became of explored tracks."""
