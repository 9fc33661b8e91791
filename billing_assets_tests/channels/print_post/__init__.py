"""Facts about folders for a print shop."""
