"""Tests of the channel to inboxes in the portal."""
