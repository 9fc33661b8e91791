"""Facts about e-mail: bytes, replies, dialogue."""
