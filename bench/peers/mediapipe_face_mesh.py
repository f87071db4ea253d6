"""A smile loop with MediaPipe FaceMesh: decode, track up to three faces, measure the mouths.

Runs in .venv-bench-mediapipe. The smile is a plain rule on the landmarks and costs nothing.
"""

from __future__ import annotations

import itertools
from importlib.metadata import version

import av
import mediapipe

from bench.worker import serve

MAX_FACES = 3
_MOUTH, _EYES = (61, 291), (33, 263)  # corners, of the canonical face mesh
_SMILE_RATIO = 0.62  # width of the mouth by distance of the outer corners of the eyes


_face_mesh = mediapipe.solutions.face_mesh.FaceMesh(
    static_image_mode=False, max_num_faces=MAX_FACES
)


def play(path: str, frames: int) -> dict[str, float]:
    """Play a video; return the counts of frames, faces and smiling faces."""
    count = faces = smiling = 0
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"  # as the device does
        for frame in itertools.islice(container.decode(stream), frames):
            count += 1
            found = _face_mesh.process(frame.to_ndarray(format="rgb24")).multi_face_landmarks
            for face in found or ():
                faces += 1
                smiling += _is_smiling(face.landmark)
    return {"frames": count, "faces": faces, "smiling": smiling}


def _is_smiling(points: object) -> bool:
    def distance(pair: tuple[int, int]) -> float:
        one, other = points[pair[0]], points[pair[1]]  # type: ignore[index]
        return float(((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5)

    return distance(_MOUTH) > _SMILE_RATIO * distance(_EYES)


if __name__ == "__main__":
    serve(play, f"mediapipe {version('mediapipe')}, av {version('av')}")
