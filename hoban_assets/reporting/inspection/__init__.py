"""What a raw folder holds, before anything is built from it."""
