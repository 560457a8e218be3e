"""Word to people: an outbox, robots, mail, a bureau's own system.

Alertmanager rings (`api`), what is to be said is read from our own tables and written into the
outbox (`doorbell`, `outbox`), and the worker sends it (`dispatch`, `turns`) to the channels of a
file (`channels`) by a client for each kind (`wire`, `robots`, `mail`, `standard`).
"""
