"""Decide what to look at in each frame: nothing, a region, or a followed face.

1. A cheap motion map says where somebody may have appeared.
2. A search of one region at a time returns candidates.
3. A closer look at full resolution decides whether a candidate is a face, and finds its key points.
4. From then on, closer looks alone follow the face. The cost does not depend on the size of the
   frame, and distant faces are not lost in a scaled-down picture.

Detecting once and then following is the design of MediaPipe (Lugaresi et al., "MediaPipe: A
Framework for Building Perception Pipelines", 2019). Here every face is followed independently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge_lambda.camera import Frame
from edge_lambda.faces.budget import CpuBudget
from edge_lambda.faces.camera_motion import CameraMotion
from edge_lambda.faces.followed import FollowedFaces
from edge_lambda.faces.identity import belongs_to_another, covers, missed_face_at
from edge_lambda.faces.look_schedule import LookSchedule
from edge_lambda.faces.motion import MotionMap, cells_of
from edge_lambda.faces.observation import Observation
from edge_lambda.faces.rejected_places import RejectedPlaces
from edge_lambda.faces.search_plan import Region, SearchPlan
from edge_lambda.faces.track import Track
from edge_lambda.faces.vision import Vision
from edge_lambda.faces.zones import EVERYWHERE, Zones
from smile_vision.faces.boxes import Box
from smile_vision.faces.video_detector import CONFIRMED_SCORE, ROOM

# A followed face may turn away or blur, which costs this much, before a look counts as a miss.
_TURNED_SCORE = 0.2
_WIDE_ROOM = 3.2  # after two misses: the face has moved
_WIDE_AFTER_MISSES = 2
_SEARCH_AFTER_MISSES = 2  # then a search around the place may find it
_MAX_CANDIDATES = 3  # new places looked at after one search
_CANDIDATE_SIZE = 0.8  # of the minimum size: a search measures boxes less exactly than a look
# The body of a followed face, in widths and heights of the box: to each side, above and below.
_BODY_ASIDE, _BODY_ABOVE, _BODY_BELOW = 1.0, 0.5, 2.5


class FaceAttention:
    """Finds the faces of a video and follows each one.

    Parameters
    ----------
    vision : Vision
    max_missed_ms : float
        A face unseen for longer is lost. If it returns, it gets a new id.
    min_face_px : float
        Faces with a shorter side, px of the frame, are ignored.
    budget : CpuBudget
    min_face_score : float
        Minimum score of the closer looks that confirm a face, 0 to 1.
    max_faces : int
        Faces that are followed at once. Those followed longest stay.
    zones : Zones
        Where faces count.
    """

    def __init__(
        self,
        vision: Vision,
        *,
        max_missed_ms: float,
        min_face_px: float,
        budget: CpuBudget,
        min_face_score: float = CONFIRMED_SCORE,
        max_faces: int = 32,
        zones: Zones = EVERYWHERE,
    ) -> None:
        self._vision = vision
        self._min_face_px = min_face_px
        self._min_face_score = min_face_score
        self._max_faces = max_faces
        self._zones = zones
        self._budget = budget
        self._schedule = LookSchedule(budget)
        self._motion = MotionMap()
        self._camera = CameraMotion()
        self._plan = SearchPlan(1, 1)
        self._size = (0, 0)
        self._faces = FollowedFaces(max_missed_ms)
        self._rejected = RejectedPlaces()
        self._next_id = 1
        self._now_ms = 0.0

    @property
    def tracks(self) -> Sequence[Track]:
        """The confirmed faces, oldest first."""
        return self._faces.confirmed

    def in_view(self) -> list[Track]:
        """Return the confirmed faces whose key points are good in the latest frame."""
        return self._faces.in_view()

    def attend(self, frame: Frame) -> list[Track]:
        """Look at a frame.

        Returns
        -------
        list of Track
            The confirmed faces that are lost now.
        """
        frame_ms = max(frame.position_ms - self._now_ms, 0.0)
        self._now_ms = frame.position_ms
        self._budget.advance(self._now_ms)
        with self._budget.spending():
            self._note_motion(frame)
            for track in self._schedule.due(self._faces.all, self._now_ms, frame_ms):
                self._look_at(frame, track)
            self._faces.drop_outside(self._zones)
            self._faces.drop_missed()
            for region in self._regions_to_search():
                self._search(frame, region)
        return self._faces.take_lost()

    def advance(self, now_ms: float) -> list[Track]:
        """Let time pass without a frame; return the confirmed faces that are lost now."""
        self._now_ms = now_ms
        for track in self._faces.all:
            track.now_ms = now_ms
        self._faces.drop_missed()
        return self._faces.take_lost()

    def restart(self) -> list[Track]:
        """Forget every face, after a scene cut; return the confirmed ones."""
        self._faces.drop_all()
        self._rejected.clear()
        self._motion.reset()
        self._camera.reset()
        self._plan.restart()
        return self._faces.take_lost()

    def change(self, *, min_face_px: float, max_faces: int, zones: Zones) -> list[Track]:
        """Take new settings; return the confirmed faces that are no longer followed.

        The minimum size is for new faces. Faces outside the zones are lost, and of too many the
        newest.
        """
        self._min_face_px, self._max_faces, self._zones = min_face_px, max_faces, zones
        self._size = (0, 0)  # makes a new search plan
        self._faces.drop_outside(zones)
        self._faces.drop_newest(max_faces)
        return self._faces.take_lost()

    def _note_motion(self, frame: Frame) -> None:
        if (frame.width, frame.height) != self._size:
            self._size = (frame.width, frame.height)
            self._motion.reset()
            self._plan = SearchPlan(*self._size, self._min_face_px, self._zones)
        moved = self._motion.update(frame.grey())
        self._follow_camera(frame)
        for track in self._faces.all:
            track.now_ms = self._now_ms
            if not track.misses:
                track.present_ms = self._now_ms
            expected = track.box_at(self._now_ms)
            if moved[cells_of(expected)].any():
                track.move(self._now_ms)
            if track.is_confirmed and not track.misses:  # its motion shows nobody new
                moved[cells_of(_with_body(expected))] = False
        if self._zones:
            moved &= self._zones.cells()  # motion elsewhere shows nobody who counts
        self._rejected.forget(moved, self._now_ms)
        self._plan.note_motion(moved, self._now_ms)

    def _follow_camera(self, frame: Frame) -> None:
        if not self._faces.all:
            self._camera.reset()
            return
        dx, dy = self._camera.update(frame.grey(), self._motion.change, self._now_ms)
        if dx or dy:
            for track in self._faces.all:
                track.shift(dx, dy)

    def _look_at(self, frame: Frame, track: Track) -> None:
        """Look for a followed face at its expected place."""
        expected = track.box_at(self._now_ms)
        room = _WIDE_ROOM if track.misses >= _WIDE_AFTER_MISSES else ROOM
        # A mirror image is almost independent evidence, which a new face needs.
        is_mirrored = not track.is_confirmed and track.agreements % 2 == 1
        found = self._vision.look(frame, expected, room, is_mirrored=is_mirrored)
        is_steady = track.is_confirmed and not track.misses
        min_score = self._min_face_score - (_TURNED_SCORE if is_steady else 0.0)
        if (
            found is None
            or found.score < min_score
            or belongs_to_another(found.box, track, self._faces.all)
            or not (track.is_confirmed or self._vision.is_face(frame, found))
        ):
            track.miss(self._now_ms)
        else:
            track.see(found, self._now_ms, is_certain=found.score >= self._min_face_score)

    def _regions_to_search(self) -> Iterator[Region]:
        for track in self._faces.all:
            if (
                track.is_confirmed
                and track.misses == _SEARCH_AFTER_MISSES
                and track.looked_ms == self._now_ms
            ):
                yield self._plan.around(track.box_at(self._now_ms))
        overdue = self._plan.overdue(self._now_ms)
        yield from overdue
        if not overdue and not self._budget.is_spent:
            region = self._plan.moved(self._now_ms)
            if region is not None:
                yield region

    def _search(self, frame: Frame, region: Region) -> None:
        first_new_id = self._next_id
        if self._is_full and not any(track.misses for track in self._faces.all):
            self._plan.searched(region, self._now_ms)
            return  # nobody new may be followed, and nobody is missed
        candidates = [box for box in self._vision.search(frame, region) if self._is_new(box)]
        for box in candidates[:_MAX_CANDIDATES]:
            self._consider(frame, box)
        self._plan.searched(region, self._now_ms, found=self._next_id > first_new_id)
        if len(candidates) > _MAX_CANDIDATES:
            region.has_moved = True  # the others get their turn soon

    def _is_new(self, box: Box) -> bool:
        """Return whether nobody is followed at a place, and it was not rejected lately."""
        if self._short_side_px(box) < _CANDIDATE_SIZE * self._min_face_px:
            return False
        x, y, width, height = box
        if self._zones and not self._zones.overlap(x, y, x + width, y + height):
            return False
        return not self._rejected.contains(box) and not covers(self._faces.all, box)

    def _consider(self, frame: Frame, box: Box) -> None:
        """Look closely at a candidate. If it is a face, follow it."""
        found = self._look_at_candidate(frame, box)
        if found is None:
            self._rejected.add(box, self._now_ms)
            return
        if self._short_side_px(found.box) < self._min_face_px or covers(self._faces.all, found.box):
            return
        missed = missed_face_at(found.box, self._faces.all)
        if missed is not None:
            missed.see(found, self._now_ms)
            return
        if self._is_full or not self._zones.count(found.box):
            return
        self._faces.all.append(Track(self._next_id, found, self._now_ms))
        self._next_id += 1

    def _look_at_candidate(self, frame: Frame, box: Box) -> Observation | None:
        """Return the face at a candidate's place. The second look is aimed better."""
        for _ in range(2):
            found = self._vision.look(frame, box, ROOM)
            if found is None:
                return None
            if found.score >= self._min_face_score:
                return found if self._vision.is_face(frame, found) else None
            box = found.box
        return None

    @property
    def _is_full(self) -> bool:
        return len(self._faces.all) >= self._max_faces

    def _short_side_px(self, box: Box) -> float:
        return min(box[2] * self._size[0], box[3] * self._size[1])


def _with_body(box: Box) -> Box:
    """Return the part of the frame in which the body of a face moves."""
    x, y, width, height = box
    return (
        x - _BODY_ASIDE * width,
        y - _BODY_ABOVE * height,
        width * (1 + 2 * _BODY_ASIDE),
        height * (1 + _BODY_ABOVE + _BODY_BELOW),
    )
