"""Crash and fault injection: real processes and a real server, killed with SIGKILL.

Belongs here: who is killed when, and the proof that the same command again ends in the undisturbed state.
Does not belong here: anything inside the program; the points are the calls of its ports.
"""
