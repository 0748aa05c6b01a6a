"""What a build of so many images would take: hours, memory and disk of each step."""
