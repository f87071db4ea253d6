"""``POST /v1/photos``: its answers are those of ``python -m smile_vision``, and nothing is kept."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from PIL import Image

from smile_cloud.photo_api import service
from smile_cloud.photo_api.requests import MAX_BYTES, MEDIA_TYPES
from smile_cloud.photo_api.service import MAX_PIXELS
from smile_vision.cli import main
from smile_vision.photos.photo_smiles import PhotoSmileDetector
from smile_vision.smiles.classifier import MODEL_CARD_PATH
from smile_vision.smiles.model_card import ModelCard
from tests.helpers.functions import FUNCTIONS, Functions
from tests.helpers.rule_events import sample, samples
from tests.helpers.synthetic_photos import synthetic_photo
from tests.helpers.template import ROOT, properties

STATUSES = {
    "two_faces": 200,
    "no_face": 200,
    "bad_damaged": 400,
    "bad_parameters": 400,
    "bad_type": 415,
}
LAMBDA_REQUEST_BYTES = 6_291_456  # "Lambda quotas": 6 MB for synchronous invocations
ORIENTATION_TAG = 274


def encoded(photo: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    photo.save(file, kind, **options)
    return file.getvalue()


def posted(content: bytes, media_type: str = "image/jpeg") -> dict[str, Any]:
    """Return the request as API Gateway passes it."""
    event = sample("photo_api/two_faces")
    event["headers"]["Content-Type"] = media_type
    event["multiValueHeaders"]["Content-Type"] = [media_type]
    return event | {"body": base64.b64encode(content).decode()}


@pytest.fixture
def ask(functions: Functions) -> Callable[..., tuple[int, dict[str, Any]]]:
    def ask(content: bytes, media_type: str = "image/jpeg") -> tuple[int, dict[str, Any]]:
        status, _, document = functions.ask(posted(content, media_type), "photo_api")
        return status, document

    return ask


Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.mark.parametrize("name", STATUSES)
def test_the_api_answers_when_it_gets_its_sample(functions: Functions, name: str) -> None:
    assert set(samples("photo_api")) == set(STATUSES)
    status, headers, document = functions.ask(sample(f"photo_api/{name}"), "photo_api")
    assert status == STATUSES[name], document
    assert headers["Cache-Control"] == "no-store"
    kind = "application/json" if status < 300 else "application/problem+json"
    assert headers["Content-Type"] == kind


@pytest.mark.parametrize(("media_type", "kind"), MEDIA_TYPES.items())
def test_the_answer_is_that_of_the_command(
    ask: Ask, tmp_path: Any, capsys: pytest.CaptureFixture[str], media_type: str, kind: str
) -> None:
    photo = synthetic_photo([(20, 30, 200, True), (300, 200, 180, False), (520, 40, 60, True)])
    content = encoded(photo, kind)
    path = tmp_path / "photo"
    path.write_bytes(content)
    assert main(["--json", str(path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    del printed["path"]
    status, document = ask(content, media_type)
    card = ModelCard.load(MODEL_CARD_PATH)
    assert status == 200
    assert document.pop("model") == {"sha256": card.sha256, "threshold": card.threshold}
    assert document == printed
    assert len(document["faces"]) == 3


def test_a_photo_is_turned_as_its_exif_block_says(ask: Ask) -> None:
    upright = synthetic_photo([(150, 100, 200, True)], (400, 600))
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6  # the camera was held upright
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    status, document = ask(encoded(lying, quality=95, exif=exif))
    assert (status, document["width"], document["height"]) == (200, 400, 600)
    assert [face["smiling"] for face in document["faces"]] == [True]


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_only_the_first_frame_of_an_animation_is_read(ask: Ask, kind: str) -> None:
    first = synthetic_photo([(20, 30, 200, True)], (300, 300))
    more = [synthetic_photo([], (300, 300))] * 2
    content = encoded(first, kind, save_all=True, append_images=more, duration=100)
    status, document = ask(content, f"image/{kind.lower()}")
    assert status == 200
    assert document["first_frame_only"] is True
    assert len(document["faces"]) == 1


@pytest.mark.parametrize(
    "media_type", ["IMAGE/JPEG", "image/jpeg; charset=binary", "image/png", "image/webp"]
)
def test_the_content_decides_about_the_format(ask: Ask, media_type: str) -> None:
    assert ask(encoded(synthetic_photo([], (40, 30))), media_type)[0] == 200


@pytest.mark.parametrize(
    "media_type", ["image/gif", "image/heic", "application/json", "image/", ""]
)
def test_another_type_is_refused_with_the_accepted_ones(ask: Ask, media_type: str) -> None:
    status, document = ask(encoded(synthetic_photo([], (40, 30))), media_type)
    assert status == 415
    assert all(accepted in document["detail"] for accepted in MEDIA_TYPES)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "PPM"])
def test_a_photo_of_another_format_is_refused_when_its_type_claims_otherwise(
    ask: Ask, kind: str
) -> None:
    status, document = ask(encoded(synthetic_photo([], (40, 30)), kind))
    assert status == 400
    assert "not an image in a known format (JPEG, PNG, WEBP)" in document["detail"]


@pytest.mark.parametrize("body", [None, ""])
def test_an_empty_body_is_refused(functions: Functions, body: str | None) -> None:
    event = posted(b"") | {"body": body, "isBase64Encoded": False}
    status, _, document = functions.ask(event, "photo_api")
    assert status == 400
    assert document["detail"] == "The body is empty; send the bytes of the photo."


def test_a_body_that_api_gateway_took_for_text_is_refused(functions: Functions) -> None:
    """Its bytes are lost: API Gateway has replaced what is not UTF-8."""
    event = posted(b"") | {"body": "\ufffd\ufffdJFIF", "isBase64Encoded": False}
    status, _, document = functions.ask(event, "photo_api")
    assert status == 415
    assert "exactly one of image/jpeg" in document["detail"]


def test_a_body_that_is_no_base64_is_refused(functions: Functions) -> None:
    event = posted(b"") | {"body": "not base64!", "isBase64Encoded": True}
    assert functions.ask(event, "photo_api")[0] == 400


def test_a_large_photo_is_refused_before_it_is_decoded(ask: Ask) -> None:
    content = encoded(synthetic_photo([], (40, 30)))
    assert ask(content.ljust(MAX_BYTES, b"\0"))[0] == 200
    status, document = ask(content.ljust(MAX_BYTES + 1, b"\0"))
    assert status == 413
    assert "4,500,001 bytes, the limit is 4,500,000" in document["detail"]


def test_the_largest_photo_fits_into_a_request_to_lambda() -> None:
    largest = posted(b"x" * MAX_BYTES)
    headers = 2 * 10_240  # "API Gateway quotas": 10 KB, and Lambda gets them twice
    assert len(json.dumps(largest)) + headers < LAMBDA_REQUEST_BYTES
    assert len(json.dumps(posted(b"x" * 5_000_000))) > LAMBDA_REQUEST_BYTES, "why not 5 MB"


def test_a_small_file_with_a_huge_picture_is_refused(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = encoded(Image.new("L", (10_000, 4_001)), "PNG")
    assert len(bomb) < 100_000
    status, document = ask(bomb, "image/png")
    assert status == 400
    assert f"the limit is {MAX_PIXELS:,}" in document["detail"]
    monkeypatch.setattr(service, "MAX_PIXELS", 1200)
    assert ask(encoded(Image.new("L", (40, 30)), "PNG"), "image/png")[0] == 200


def test_nothing_of_a_photo_is_logged(
    functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "taken at the front door"
    exif = Image.Exif()
    exif[270] = secret  # the description
    photo = encoded(synthetic_photo([(20, 30, 200, True)], (300, 300)), exif=exif)
    for content in (photo, photo[:-900], secret.encode()):
        functions.ask(posted(content), "photo_api")
    printed = capsys.readouterr()
    logged = [functions.logged(level) for level in ("DEBUG", "INFO", "WARNING", "ERROR")]
    text = printed.out + printed.err + json.dumps(logged)
    assert secret not in text
    assert base64.b64encode(photo).decode()[:40] not in text


def test_a_failure_is_answered_and_logged_without_the_photo(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the interpreter failed")

    monkeypatch.setattr(PhotoSmileDetector, "detect", fail)
    event = posted(encoded(synthetic_photo([], (40, 30))))
    assert functions.ask(event, "photo_api")[0] == 500
    [error] = functions.logged("ERROR")
    assert event["body"] not in json.dumps(error)


def test_the_function_may_call_no_service(template: dict[str, Any]) -> None:
    assert "Policies" not in properties(template, "PhotoApiFunction")


def test_photos_are_the_bodies_that_api_gateway_passes_unchanged(template: dict[str, Any]) -> None:
    api = properties(template, "SmileApi")
    assert [kind.replace("~1", "/") for kind in api["BinaryMediaTypes"]] == list(MEDIA_TYPES)
    large = api["GatewayResponses"]["REQUEST_TOO_LARGE"]["ResponseTemplates"]["application/json"]
    assert f"{MAX_BYTES:,} bytes" in large


# --- documentation -----------------------------------------------------------------------------


def test_the_docs_show_the_answer_to_the_sample(functions: Functions) -> None:
    _, _, document = functions.ask(sample("photo_api/two_faces"), "photo_api")
    text = (ROOT / "docs/api.md").read_text("utf-8").split("## `POST /v1/photos`", 1)[1]
    assert json.loads(text.split("```json", 1)[1].split("```", 1)[0]) == document
    openapi = json.loads((FUNCTIONS / "history_api/openapi.json").read_text("utf-8"))
    answers = openapi["paths"]["/v1/photos"]["post"]["responses"]
    assert answers["200"]["content"]["application/json"]["example"] == document
    described = {"$ref": "#/components/schemas/PhotoFaces", "components": openapi["components"]}
    jsonschema.validate(document, described)
    status, _, refused = functions.ask(sample("photo_api/bad_damaged"), "photo_api")
    assert answers[str(status)]["content"]["application/problem+json"]["example"] == refused
    status, _, refused = functions.ask(sample("photo_api/bad_type"), "photo_api")
    assert answers[str(status)]["content"]["application/problem+json"]["example"] == refused


def test_the_docs_state_the_limits(template: dict[str, Any]) -> None:
    text = (ROOT / "docs/api.md").read_text("utf-8").split("## `POST /v1/photos`", 1)[1]
    text = " ".join(text.split("\n## ", 1)[0].split())
    assert f"at most {MAX_BYTES:,} bytes" in text
    assert f"at most {MAX_PIXELS:,}," in text
    assert all(f"`{one}`" in text for one in MEDIA_TYPES)
    memory = properties(template, "PhotoApiFunction")["MemorySize"]
    assert f"{memory:,} MB" in text
    [limit] = [
        one
        for one in properties(template, "SmileApi")["MethodSettings"]
        if one["ResourcePath"] == "/~1v1~1photos"
    ]
    assert (limit["ThrottlingRateLimit"], limit["ThrottlingBurstLimit"]) == (2, 5)
    assert "two photos a second, with bursts of five" in text
    seconds, dollars = re.findall(r"Two photos of ([\d.]+) s .* cost about \$(\d+) on arm64", text)[
        0
    ]
    photos = limit["ThrottlingRateLimit"] * 30 * 86_400
    gb_seconds = photos * float(seconds) * memory / 1024
    assert f"are {gb_seconds / 1e6:.1f} million GB-seconds" in text
    assert int(dollars) == round(gb_seconds * 0.0000133334)  # the price of arm64 in us-east-1
