"""Django's backend for PostgreSQL, which does not ask the server before each request whether it is still there."""
