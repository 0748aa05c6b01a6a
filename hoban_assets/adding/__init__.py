"""`hoban add`: a team's own photographs and videos become a source; a model proposes its boxes."""
