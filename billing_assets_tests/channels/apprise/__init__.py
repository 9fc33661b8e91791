"""Apprise, tested against real receivers."""
