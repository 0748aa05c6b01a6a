"""What lies in a raw folder, told without opening what has not changed."""
