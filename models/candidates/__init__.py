"""Which tracks may be recommended to a listener, and how likely each is to be played: sources that
propose, and a ranker learnt from what became of earlier proposals. Arrays only."""
