"""Facts about API push: signature, content, answers, one attempt."""
