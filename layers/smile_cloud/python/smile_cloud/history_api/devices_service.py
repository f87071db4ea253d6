"""``history_api``: answer requests for devices with JSON-ready documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from smile_cloud.device_registry.condition import Graces
from smile_cloud.device_registry.directory import DeviceDirectory
from smile_cloud.history_api.device_requests import MAX_DEVICES, GetDevice, ListDevices
from smile_cloud.history_api.device_view import device_view, sequence_view
from smile_cloud.history_api.settings import HistoryApiSettings
from smile_cloud.http.errors import NotFoundError
from smile_cloud.http.signed_cursor import SignedCursor
from smile_cloud.sequence.store import SequenceStore

_CURSORS: Final = "devices 1"  # the list, and the version of its cursors
# Pages of 100 devices that one request reads at most, to find those in a state.
MAX_PAGES: Final = 5


class DevicesService:
    """Answers requests for devices.

    Parameters
    ----------
    directory : DeviceDirectory
    sequences : SequenceStore
    graces : Graces
    cursor_key : bytes
        Secret that signs the cursors.
    clock : callable
        Returns the current time, UTC, which decides the states.
    """

    def __init__(
        self,
        directory: DeviceDirectory,
        sequences: SequenceStore,
        graces: Graces,
        cursor_key: bytes,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._directory = directory
        self._sequences = sequences
        self._graces = graces
        self._cursors = SignedCursor(cursor_key, _CURSORS)
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: HistoryApiSettings) -> DevicesService:
        """Return the service with the AWS client of this execution environment."""
        # The OpenAPI document needs no AWS, so a cold start for it does not import botocore.
        from smile_cloud import clients  # noqa: PLC0415

        client, table_name = clients.dynamodb(), settings.table_name
        return cls(
            DeviceDirectory(client, table_name),
            SequenceStore(client, table_name),
            settings.graces,
            settings.cursor_key,
        )

    def list_devices(self, request: ListDevices) -> dict[str, Any]:
        """Return a page of devices, by id.

        Raises
        ------
        CursorError
            When the cursor does not belong to the query.
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        fingerprint = (request.state or "").encode()
        position = None
        if request.cursor is not None:
            position = self._cursors.decode(request.cursor, fingerprint)
        found, position = self._page(request, position)
        next_cursor = None if position is None else self._cursors.encode(position, fingerprint)
        return {"devices": found, "next_cursor": next_cursor}

    def _page(
        self, request: ListDevices, position: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return the devices after `position`, and the position of the next page, if any."""
        now = self._clock()
        found: list[dict[str, Any]] = []
        at_once = request.limit if request.state is None else MAX_DEVICES
        for _ in range(MAX_PAGES):
            page = self._directory.page(at_once, position)
            for device in page.devices:
                view = device_view(device, now, self._graces)
                if request.state not in {None, view["state"]}:
                    continue
                if len(found) == request.limit:
                    return found, found[-1]["device_id"]
                found.append(view)
            position = page.next_after
            if position is None or len(found) == request.limit:
                break
        return found, position

    def get_device(self, request: GetDevice) -> dict[str, Any]:
        """Return one device.

        Raises
        ------
        NotFoundError
            When no heartbeat of the device has arrived, or it is forgotten.
        """
        now = self._clock()
        device = self._directory.get(request.device_id)
        if device is None:
            raise NotFoundError(
                f"No heartbeat of device {request.device_id} has arrived, or the last one was too "
                "long ago; GET /v1/devices lists the devices."
            )
        sequence = self._sequences.read(request.device_id, now)
        return device_view(device, now, self._graces) | {
            "sequence": None if sequence is None else sequence_view(sequence)
        }
