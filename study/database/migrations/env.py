"""Alembic's entry: runs the migrations on the connection and in the transaction it is given.

``study.database.engine.migrate`` holds the lock and the transaction. There is no other way in,
because a schema made twice or halfway would lose answers. A new migration is a new file in
versions/, written by hand beside the change of ``study.database.tables``; a test compares the two.
"""

from alembic import context

from study.database.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
