"""Wiring: settings, and the one place where a port meets an adapter.

Belongs here: reading the environment, building the program. Does not belong here: any rule of billing.
"""
