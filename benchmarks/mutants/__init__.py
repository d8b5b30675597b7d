"""Small faults put into the code one at a time, to see which ones the tests beside it notice."""
