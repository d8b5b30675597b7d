"""What runs when: names of jobs, their argv and tables. No data library is imported here."""
