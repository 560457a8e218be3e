"""Everything on one machine: an embedded PostgreSQL, the services, a bank and a small city.

No service imports this package; it talks to them over HTTP, as any bank or billing system would.
"""
