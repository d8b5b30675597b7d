"""One module a table: row rules and a suite."""
