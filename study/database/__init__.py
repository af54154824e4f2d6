"""The answers: tables, transactions and migrations, and a study read back as data frames."""
