"""One judge for every model: detections of anything on any pictures, and figures with intervals."""
