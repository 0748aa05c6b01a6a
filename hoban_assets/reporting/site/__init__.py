"""What a model proposed for a team's own pictures, and what people said of it."""
