"""Facts about the channels, against real servers on this machine."""
