"""Every command of the documents runs."""
