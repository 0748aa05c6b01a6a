"""Which pictures a person should look at first: queues from decisions and from models."""
