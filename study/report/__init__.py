"""The numbers as something to read: text, tables, plots and one HTML page."""
