"""What may go and what must stay: leftovers, the trash, and whether a path may be deleted.

The rule of every module here: a thing goes only where all that is known says that it may. What is
not recognised, not readable, or in use stays, and the reason is said.
"""
