"""A short video for tests."""

import av
import numpy as np


def video(file, frames=20, rate=10):
    """A grey clip with a bright square that moves to the right."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(frames):
            picture = np.full((64, 96, 3), 90, np.uint8)
            picture[20:40, 4 * number % 70 : 4 * number % 70 + 20] = 250
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file
