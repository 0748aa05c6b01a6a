"""`hoban view`: pictures of an asset in the browser, and an editor whose edits are corrections."""
