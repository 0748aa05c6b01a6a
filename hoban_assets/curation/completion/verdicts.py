"""Names of what becomes of a candidate, and of what the labels beside it say. Imports nothing."""

BOX, IGNORE, MERGED, BACKGROUND = "box", "ignore", "merged", "background"

HEAD_FOUND, NO_HEAD, GROUP_OF_HEADS = "head_found", "no_head", "several_heads"
HEAD_TAKEN, BODY_FOUND, NO_BODY = "head_of_another", "body_found", "no_body"
BODY_MISSING, SAME_BODY = "body_missing", "same_object"
VERDICTS = (
    *(HEAD_FOUND, NO_HEAD, GROUP_OF_HEADS, HEAD_TAKEN, BODY_FOUND, NO_BODY),
    *(BODY_MISSING, SAME_BODY),
)
