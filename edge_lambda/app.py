"""Start the parts of the device, run the loop and shut down."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing

from edge_lambda.activity import Activity
from edge_lambda.camera import FrameSource, open_source
from edge_lambda.config import EdgeConfig
from edge_lambda.delivery import GreengrassSink, MqttSink, Sink, StdoutSink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.errors import SinkError
from edge_lambda.faces.attention import FaceAttention
from edge_lambda.faces.budget import CpuBudget
from edge_lambda.faces.vision import SmileVision, Vision
from edge_lambda.loop import EdgeLoop
from edge_lambda.settings import TrackSettings, VisionSettings
from edge_lambda.silence import explain_bad_frames, explain_silence
from edge_lambda.smiles.episode import EpisodeRules
from edge_lambda.smiles.event_maker import EventMaker
from edge_lambda.smiles.thresholds import resolve_thresholds
from edge_lambda.stream import Viewer
from edge_lambda.stream.open import open_stream
from smile_contract import Model

_UNDELIVERED = 3
_UNUSABLE = 4
_STOP_DRAIN_S = 1.0  # a stop by signal waits no longer for the broker

_log = logging.getLogger(__name__)


def run(config: EdgeConfig, is_stopped: Callable[[], bool]) -> int:
    """Watch the source until it ends or `is_stopped` returns True.

    Returns
    -------
    int
        Exit code: 0; 3 when events were lost or when a file ends with undelivered events; 4 when a
        file ends and most of its frames could not be used.

    Raises
    ------
    EdgeError, VisionError
        When it cannot start or continue. The message is one line for the user.
    """
    vision = SmileVision()
    rules = _rules(config, vision)
    broker = _broker(config)
    with ExitStack() as cleanup:
        viewer = open_stream(config.stream, config.device_id, cleanup)
        outbox = Outbox(config.outbox_path, round(config.outbox.max_mb * 1e6))
        cleanup.callback(outbox.close)
        with closing(Publisher(outbox, _sinks(config, outbox, broker))) as publisher:
            # The camera comes last, so that its light stays off when the configuration is wrong.
            with closing(open_source(config.source, config.camera)) as source:
                _end_interrupted_smiles(outbox, publisher)
                activity = Activity(source, lambda: publisher.published)
                _watch(
                    config,
                    is_stopped,
                    vision=vision,
                    rules=rules,
                    source=source,
                    publisher=publisher,
                    viewer=viewer,
                    activity=activity,
                )
            publisher.drain(config.drain_timeout_s, _STOP_DRAIN_S, is_stopped)
        return _report(activity, outbox, publisher, rules, is_stopped())


def make_attention(
    vision: Vision, settings: VisionSettings, track_settings: TrackSettings
) -> FaceAttention:
    """Return the attention with its settings."""
    return FaceAttention(
        vision,
        max_missed_ms=track_settings.max_missed_ms,
        min_face_px=settings.min_face_px,
        min_face_score=settings.min_face_score,
        budget=CpuBudget(settings.cpu_ms_per_s),
    )


def _watch(
    config: EdgeConfig,
    is_stopped: Callable[[], bool],
    *,
    vision: SmileVision,
    rules: EpisodeRules,
    source: FrameSource,
    publisher: Publisher,
    viewer: Viewer | None,
    activity: Activity,
) -> None:
    model = Model(vision.card.sha256, rules.threshold_on, rules.threshold_off)
    loop = EdgeLoop(
        source,
        vision=vision,
        attention=make_attention(vision, config.vision, config.track),
        rules=rules,
        events=EventMaker(config.device_id, model, source.time_at),
        publisher=publisher,
        has_progress=config.progress,
        viewer=viewer,
        activity=activity,
    )
    _log.info(
        "started",
        extra={"device_id": config.device_id, "model": vision.card.sha256[:12]}
        | {"threshold_on": rules.threshold_on, "threshold_off": rules.threshold_off},
    )
    loop.run(is_stopped)


def _report(
    activity: Activity,
    outbox: Outbox,
    publisher: Publisher,
    rules: EpisodeRules,
    was_stopped: bool,
) -> int:
    """Log the result of the run, print what is missing from it and return the exit code."""
    summary = activity.summary()
    bad_frames = None if was_stopped else explain_bad_frames(summary)
    explanation = bad_frames if activity.events else explain_silence(summary, rules)
    if explanation is not None:
        _print(explanation if activity.events else f"no smile events: {explanation}")
    undelivered, is_lossy = publisher.undelivered, bool(publisher.lost or outbox.dropped)
    problems = []
    if undelivered:
        problems.append(
            f"{undelivered} events stay in the outbox {outbox.path}, the next run sends them"
        )
    if publisher.lost:
        problems.append(f"{publisher.lost} events are lost: the outbox could not be written")
    if outbox.dropped:
        problems.append(f"{outbox.dropped} events were dropped: the outbox was full")
    if problems:
        _print("; ".join(problems))
    _log.info(
        "finished",
        extra=summary
        | {"events": publisher.published, "undelivered": undelivered}
        | {"lost": publisher.lost, "dropped": outbox.dropped, "explanation": explanation},
    )
    if is_lossy or (undelivered and not was_stopped):
        return _UNDELIVERED
    return 0 if bad_frames is None else _UNUSABLE


def _print(text: str) -> None:
    if sys.stderr is not None:  # print(file=None) would write to standard output
        print(f"edge_lambda: {text}", file=sys.stderr)  # noqa: T201


def _rules(config: EdgeConfig, vision: SmileVision) -> EpisodeRules:
    card = vision.card
    on, off = resolve_thresholds(
        config.smile, card.threshold_on, card.threshold_off, vision.largest_score
    )
    return EpisodeRules(
        threshold_on=on,
        threshold_off=off,
        smoothing_ms=config.smile.smoothing_ms,
        min_duration_ms=config.smile.min_duration_ms,
        max_gap_ms=config.smile.max_gap_ms,
        max_duration_ms=config.smile.max_duration_s * 1000,
        correct_talking=config.smile.correct_talking,
    )


def _broker(config: EdgeConfig) -> Broker | None:
    if "mqtt" not in config.sinks:
        return None
    mqtt = config.mqtt
    return Broker.from_url(
        mqtt.url, ca_file=mqtt.ca_file, cert_file=mqtt.cert_file, key_file=mqtt.key_file
    )


def _sinks(config: EdgeConfig, outbox: Outbox, broker: Broker | None) -> list[Sink]:
    sinks: list[Sink] = []
    if "stdout" in config.sinks:
        if sys.stdout is None:
            raise SinkError("stdout: cannot be written: it is closed")
        sinks.append(StdoutSink(sys.stdout.buffer))
    if broker is not None:
        sinks.append(
            MqttSink(
                outbox,
                broker,
                config.device_id,
                max_publishes_per_s=config.mqtt.max_publishes_per_s,
                keepalive_s=config.mqtt.keepalive_s,
                topic_prefix=_topic_prefix(config.mqtt.basic_ingest_rule),
            )
        )
    if "greengrass" in config.sinks:
        sinks.append(GreengrassSink(outbox, _topic_prefix(config.mqtt.basic_ingest_rule)))
    return sinks


def _topic_prefix(rule: str | None) -> str:
    """Return the topic prefix that sends messages to a rule by Basic Ingest.

    https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
    """
    return "" if rule is None else f"$aws/rules/{rule}/"


def _end_interrupted_smiles(outbox: Outbox, publisher: Publisher) -> None:
    """Publish ``ended`` for smiles left open by a crash."""
    for event in outbox.unfinished():
        _log.warning("interrupted smile ended", extra={"event_id": event.event_id})
        publisher.publish(event)
