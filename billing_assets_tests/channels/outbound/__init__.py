"""Facts about the way out to endpoints of others: addresses, connections, one POST."""
