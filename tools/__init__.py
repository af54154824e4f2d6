"""What `make` runs: installing, and what keeps the lock and the table of licences true."""
