"""Synthetic people of any size, cut from the bundled clip.

The head comes from the clip. Its outline is known, because the storyboard says where each person is
and the same code paints hair and head again. Clothes and body are painted, so that a small person
does not end at the shoulders.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from bench.scenes.sprite import LEVELS, Sprite
from training.clip.canvas import CANVAS_PX, CANVAS_UNITS, FACE_AT, UNIT_PX, Colour, Look
from training.clip.frames import CLIP, decode, rgb_of
from training.clip.portrait import paint_clothes, paint_still_life
from training.clip.render import EYES_UNITS
from training.clip.storyboard import FRAME_RATE, PEOPLE, pose_at, smooth_step

__all__ = ["CLOTHES", "FACE_CORNER", "FACE_PX", "IDENTITIES", "person_sprite", "standing"]

# Each person of the clip appears a second time, mirrored and in other clothes.
CLOTHES: tuple[Colour, ...] = (
    (150, 60, 60), (70, 110, 120), (96, 100, 70), (86, 70, 120), (176, 150, 90), (60, 64, 72),
)  # fmt: skip
IDENTITIES = len(CLOTHES)
# The box of a face as the face detectors report it, on the canvas: a little larger and higher than
# the generated face, which is 64 units wide. Mean of six people at 30 to 160 px.
FACE_PX = 1.12 * 64 * UNIT_PX
FACE_CORNER = (
    (FACE_AT[0] + 32) * UNIT_PX - FACE_PX / 2,
    (FACE_AT[1] + 32 - 0.022 * 64) * UNIT_PX - FACE_PX / 2,
)
BODY_UNITS = 620  # height of a standing person's canvas

_STEP_MS = 1000 / FRAME_RATE
_STRENGTHS = 9  # frames from no smile to a whole one
_ALIVE = 13  # neutral or smiling frames, played to and fro
# The part that changes with a smile; side and corner divide by the reduction of every level.
_PATCH_PX = 72 * UNIT_PX
_PATCH_AT = ((FACE_AT[0] - 4) * UNIT_PX, (FACE_AT[1] - 6) * UNIT_PX)


def person_sprite(identity: int, strength: float, frame_index: int, level: int) -> Sprite:
    """Return a standing person.

    Parameters
    ----------
    identity : int
        From 0 to `IDENTITIES` - 1.
    strength : float
        Of the smile, 0 to 1.
    frame_index : int
        Which of the slightly different faces to take; the same index gives the same face.
    level : int
        The picture is reduced by 2 ** level.

    Returns
    -------
    Sprite
        Its box is the face from brows to chin.
    """
    shares = [smooth_step(step / (_STRENGTHS - 1)) for step in range(_STRENGTHS)]
    state = min(range(_STRENGTHS), key=lambda step: abs(shares[step] - strength))
    to_and_fro = abs((frame_index + identity * 5) % (2 * _ALIVE - 2) - _ALIVE + 1)
    if state == 0:
        state = -to_and_fro
    elif state == _STRENGTHS - 1:
        state += to_and_fro
    return _sprite(identity, state, level)


@lru_cache(maxsize=400)
def _sprite(identity: int, state: int, level: int) -> Sprite:
    """Return a person in one of the states: up to 0 neutral, then ever more of a smile."""
    factor = 2**level
    picture = _still_person(identity)[level].copy()
    patch, mask = _face_patch(identity, state), _patch_mask()
    corner = _PATCH_AT[0] // factor, _PATCH_AT[1] // factor
    picture.paste(patch.reduce(factor), corner, mask.reduce(factor))
    return Sprite(picture, (FACE_CORNER[0] / factor, FACE_CORNER[1] / factor), FACE_PX / factor)


@cache
def _still_person(identity: int) -> list[Image.Image]:
    """Return a neutral person at every level, RGBA."""
    look = _look(identity)
    # Any grey levels do: only the outline is used.
    grey = np.linspace(0.4, 0.6, 64 * 64, dtype=np.float32).reshape(64, 64)
    still = paint_still_life(grey, look)
    outline = ImageChops.lighter(still.below.getchannel("A"), still.above.getchannel("A"))
    # One pixel less: the clip's outlines are mixed with the wall behind them.
    outline = outline.filter(ImageFilter.MinFilter(5)).filter(ImageFilter.GaussianBlur(1.5))
    head = _on_canvas(identity % len(PEOPLE), 0)
    head.putalpha(outline)
    if identity >= len(PEOPLE):
        head = head.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    head.alpha_composite(paint_clothes(look, np.random.default_rng(identity)))
    whole = standing(head, look.clothes)
    premultiplied = whole.convert("RGBa")
    return [premultiplied.reduce(2**level).convert("RGBA") for level in range(LEVELS)]


def standing(bust: Image.Image, clothes: Colour) -> Image.Image:
    """Return a standing person with the head and shoulders of `bust`, RGBA of `CANVAS_PX`."""
    fade_out = Image.new("L", CANVAS_PX, 255)
    overlap = 12 * UNIT_PX
    for row in range(overlap):
        y = CANVAS_PX[1] - 1 - row
        fade_out.paste(round(255 * row / overlap), (0, y, CANVAS_PX[0], y + 1))
    bust = bust.copy()
    bust.putalpha(ImageChops.multiply(bust.getchannel("A"), fade_out))
    whole = _body(clothes)
    whole.alpha_composite(bust)
    return whole


def _body(clothes: Colour) -> Image.Image:
    """Return torso, arms and legs on the canvas of a standing person, without a head; RGBA."""
    width, height = CANVAS_UNITS[0], BODY_UNITS
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    top = FACE_AT[1] + 106  # here the painted shoulders are as wide as the body
    draw.polygon([(7, top), (width - 8, top), (width - 2, 330), (2, 330)], fill=255)
    draw.rounded_rectangle((28, top + 40, width - 29, 400), 20, fill=255)
    legs = Image.new("L", (width, height))
    for left in (30, 97):
        ImageDraw.Draw(legs).rounded_rectangle((left, 370, left + 57, height - 4), 12, fill=255)
    body = Image.new("RGBA", (width, height))
    for part, colour in ((legs, (54, 56, 66)), (mask, clothes)):
        soft = np.asarray(part.filter(ImageFilter.GaussianBlur(9)), np.float32) / 255
        light = 0.45 + 0.5 * np.clip(soft * 1.6 - 0.6, 0, 1)
        rgb = (light[..., None] * np.array(colour)).astype(np.uint8)
        layer = Image.fromarray(rgb).convert("RGBA")
        layer.putalpha(part)
        body.alpha_composite(layer)
    shadow = tuple(int(c * 0.6) for c in clothes)
    for x in (30, width - 31):
        ImageDraw.Draw(body).line((x, 215, x, 326), fill=shadow, width=2)
    size = (width * UNIT_PX, height * UNIT_PX)
    return body.convert("RGBa").resize(size, Image.Resampling.BICUBIC).convert("RGBA")


@cache
def _patch_mask() -> Image.Image:
    """Return the soft-edged ellipse in which faces differ between states."""
    mask = Image.new("L", (_PATCH_PX, _PATCH_PX))
    edge = 5 * UNIT_PX
    ImageDraw.Draw(mask).ellipse((edge, edge, _PATCH_PX - edge, _PATCH_PX - edge), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(2 * UNIT_PX))


def _look(identity: int) -> Look:
    look = PEOPLE[identity % len(PEOPLE)].look
    return Look(look.hair, CLOTHES[identity], look.style, look.warmth, look.seed, look.hat)


@cache
def _face_patch(identity: int, state: int) -> Image.Image:
    patch = _on_canvas(identity % len(PEOPLE), state).crop(
        (*_PATCH_AT, _PATCH_AT[0] + _PATCH_PX, _PATCH_AT[1] + _PATCH_PX)
    )
    return patch.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if identity >= len(PEOPLE) else patch


def _on_canvas(person: int, state: int) -> Image.Image:
    """Return a frame of the clip moved so that `person` stands upright on the canvas; RGB."""
    t_ms = _state_ms(person, state)
    pose = pose_at(PEOPLE[person], t_ms)
    roll = np.deg2rad(pose.roll_deg)
    cos, sin = float(np.cos(roll)) * pose.scale, float(np.sin(roll)) * pose.scale
    eye_x, eye_y = EYES_UNITS[0] * UNIT_PX, EYES_UNITS[1] * UNIT_PX
    to_frame = (
        cos, -sin, pose.x_px - cos * eye_x + sin * eye_y,
        sin, cos, pose.y_px - sin * eye_x - cos * eye_y,
    )  # fmt: skip
    frame = _clip_frames()[round(t_ms / _STEP_MS)]
    return frame.transform(CANVAS_PX, Image.Transform.AFFINE, to_frame, Image.Resampling.BICUBIC)


def _state_ms(person: int, state: int) -> float:
    """Return the time of the clip at which `person` is in a state."""
    start_ms = PEOPLE[person].smiles_ms[0][0]
    first_ms = start_ms - _STEP_MS * (_STRENGTHS - 1) / 2
    return round(first_ms / _STEP_MS + state) * _STEP_MS


@cache
def _clip_frames() -> dict[int, Image.Image]:
    """Return the frames of the clip that a state needs, by number."""
    wanted = {
        round(_state_ms(person, state) / _STEP_MS)
        for person in range(len(PEOPLE))
        for state in range(1 - _ALIVE, _STRENGTHS + _ALIVE)
    }
    found = {}
    for index, (_, frame) in enumerate(decode(CLIP)):
        if index in wanted:
            found[index] = Image.fromarray(rgb_of(frame))
        if index >= max(wanted):
            break
    return found
