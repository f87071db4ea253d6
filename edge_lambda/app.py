"""Start the parts of the device, run the loop and shut down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from edge_lambda.activity import Activity
from edge_lambda.camera import FrameSource, open_source
from edge_lambda.config import EdgeConfig
from edge_lambda.control.accepted_file import AcceptedFile
from edge_lambda.control.runtime_settings import RuntimeSettings
from edge_lambda.control.shadow import Shadow
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.faces.attention import FaceAttention
from edge_lambda.faces.budget import CpuBudget
from edge_lambda.faces.vision import SmileVision, Vision
from edge_lambda.health.clock_gate import ClockGate
from edge_lambda.health.heartbeats import Heartbeats
from edge_lambda.health.reporter import Reporter
from edge_lambda.health.vitals import Vitals
from edge_lambda.loop import EdgeLoop
from edge_lambda.loop_settings import make_loop_settings
from edge_lambda.make_sinks import make_sinks
from edge_lambda.run_result import report_run
from edge_lambda.settings import MqttSettings, TrackSettings, VisionSettings
from edge_lambda.smiles.event_maker import EventMaker
from edge_lambda.stream import ProjectStream, Viewer
from edge_lambda.stream.open import open_stream
from smile_contract import Model
from smile_contract.episodes.episode import EpisodeRules

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
    settings = _runtime_settings(config, vision)
    broker = make_broker(config.mqtt) if "mqtt" in config.sinks else None
    with ExitStack() as cleanup:
        viewer = open_stream(config.stream, config.device_id, cleanup)
        outbox = Outbox(config.outbox_path, round(config.outbox.max_mb * 1e6))
        cleanup.callback(outbox.close)
        heartbeats = Heartbeats(config, vision.card.sha256, outbox)
        settings.follow(heartbeats.configure)
        shadow = Shadow(config.device_id, settings) if config.control.shadow else None
        sinks = make_sinks(config, outbox, broker, heartbeats, shadow)
        # Health ends after the events are delivered, and says goodbye over the same connection.
        with closing(Publisher(outbox, sinks)) as publisher, ExitStack() as health:
            # The camera comes last, so that its light stays off when the configuration is wrong.
            with closing(open_source(config.source, config.camera)) as source:
                _end_interrupted_smiles(outbox, publisher)
                activity = Activity(source, lambda: publisher.published)
                gate = ClockGate(
                    publisher, _clock_file(outbox), follows_clock=source.has_system_time
                )
                vitals = Vitals(source)
                heartbeats.vitals, heartbeats.gate = vitals, gate
                reporter = _reporter(config, heartbeats, vitals, publisher, viewer)
                health.enter_context(closing(reporter))
                settings.follow(lambda new: reporter.change_interval(new.health.interval_s))
                with closing(gate):
                    _watch(
                        config,
                        is_stopped,
                        settings=settings,
                        vision=vision,
                        source=source,
                        gate=gate,
                        viewer=viewer,
                        activity=activity,
                        vitals=vitals,
                    )
            publisher.drain(config.drain_timeout_s, _STOP_DRAIN_S, is_stopped)
        return report_run(
            activity,
            outbox,
            publisher,
            rules=make_rules(settings.config, vision),
            undated=gate.lost,
            was_stopped=is_stopped(),
        )


def make_attention(
    vision: Vision,
    settings: VisionSettings,
    track_settings: TrackSettings,
    clock: Callable[[], float] = time.perf_counter,
) -> FaceAttention:
    """Return the attention with its settings; `clock` measures what its work takes, in s."""
    return FaceAttention(
        vision,
        max_missed_ms=track_settings.max_missed_ms,
        min_face_px=settings.min_face_px,
        min_face_score=settings.min_face_score,
        budget=CpuBudget(settings.cpu_ms_per_s, clock),
    )


def make_rules(config: EdgeConfig, vision: SmileVision) -> EpisodeRules:
    """Return the rules of smiles with the settings and the model's thresholds."""
    return make_loop_settings(config, vision).rules


def make_broker(settings: MqttSettings) -> Broker:
    """Return the broker of the settings.

    Raises
    ------
    ConfigError
        When the URL is invalid or does not go with the files.
    """
    return Broker.from_url(
        settings.url,
        ca_file=settings.ca_file,
        cert_file=settings.cert_file,
        key_file=settings.key_file,
    )


def _watch(
    config: EdgeConfig,
    is_stopped: Callable[[], bool],
    *,
    settings: RuntimeSettings,
    vision: SmileVision,
    source: FrameSource,
    gate: ClockGate,
    viewer: Viewer | None,
    activity: Activity,
    vitals: Vitals,
) -> None:
    rules = make_rules(settings.config, vision)
    model = Model(vision.card.sha256, rules.threshold_on, rules.threshold_off)
    loop = EdgeLoop(
        source,
        vision=vision,
        attention=make_attention(vision, config.vision, config.track),
        rules=rules,
        events=EventMaker(config.device_id, model, source.time_at),
        gate=gate,
        has_progress=config.progress,
        viewer=viewer,
        activity=activity,
        vitals=vitals,
    )
    settings.follow(lambda new: loop.change(make_loop_settings(new, vision)))
    _log.info(
        "started",
        extra={"device_id": config.device_id, "model": vision.card.sha256[:12]}
        | {"threshold_on": rules.threshold_on, "threshold_off": rules.threshold_off}
        | {"paused": settings.config.paused},
    )
    loop.run(is_stopped)


def _runtime_settings(config: EdgeConfig, vision: SmileVision) -> RuntimeSettings:
    def resolve(new: EdgeConfig) -> dict[str, object]:
        rules = make_rules(new, vision)
        return {
            "smile.threshold_on": rules.threshold_on,
            "smile.threshold_off": rules.threshold_off,
        }

    path = config.outbox_path if config.control.shadow else None
    file = AcceptedFile(None if path is None else path.with_suffix(".settings"))
    return RuntimeSettings(config, resolve, file)


def _reporter(
    config: EdgeConfig,
    heartbeats: Heartbeats,
    vitals: Vitals,
    publisher: Publisher,
    viewer: ProjectStream | None,
) -> Reporter:
    reporter = Reporter(
        heartbeats,
        vitals,
        publish=publisher.publish_status,
        is_delivering=lambda: publisher.is_moving,
        report_state=publisher.report_state,
        interval_s=config.health.interval_s,
        is_logged=config.progress,
    )
    if viewer is not None:
        viewer.health = reporter.now
    return reporter


def _clock_file(outbox: Outbox) -> Path | None:
    """Return the file for the latest right time, next to the outbox."""
    return None if outbox.path is None else outbox.path.with_suffix(".clock")


def _end_interrupted_smiles(outbox: Outbox, publisher: Publisher) -> None:
    """Publish ``ended`` for smiles left open by a crash."""
    for event in outbox.unfinished():
        _log.warning("interrupted smile ended", extra={"event_id": event.event_id})
        publisher.publish(event)
