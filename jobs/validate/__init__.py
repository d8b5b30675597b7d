"""Gates: a suite of expectations on a window decides pass or stop."""
