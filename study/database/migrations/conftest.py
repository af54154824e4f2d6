"""Keeps the test collection out of alembic's entry, which runs only inside a migration."""

collect_ignore = ["env.py"]
