"""An app that has a real product keep a journal, outside the database, of what its workers do; and its checker."""
