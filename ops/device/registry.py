"""Things, certificates and policies in AWS IoT."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ops.device.folder import DeviceFolder
from ops.errors import CommandError


class DeviceRegistry:
    """The devices of one stage in AWS IoT.

    Parameters
    ----------
    iot : client
        Client of AWS IoT.
    stage_name : str
    policy : str
        Name of the policy that the stage's devices get.
    """

    def __init__(self, iot: Any, stage_name: str, policy: str) -> None:
        self._iot = iot
        self._stage_name = stage_name
        self.policy = policy

    def endpoint(self) -> str:
        """Return the host that devices connect to."""
        return str(self._iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"])

    def add(self, name: str, folder: DeviceFolder) -> None:
        """Create the thing and its certificate and attach both; skip what is done already.

        The certificate is activated last: an interrupted run leaves none that can connect.

        Raises
        ------
        CommandError
            If the thing has a certificate whose key is not in the folder, or belongs to another
            stage.
        """
        arns = self._certificates(name)
        if arns is None:
            self._iot.create_thing(thingName=name)
        self._check_stage(name, arns or ())
        arn = folder.arn
        if any(other != arn for other in arns or ()):
            raise CommandError(
                f"{name} has a certificate whose key is not in {folder.path}, and AWS IoT does not "
                f"return keys: copy that folder here, or {self._removal(name)} first"
            )
        if arn is None:
            created = self._iot.create_certificate_from_csr(
                certificateSigningRequest=folder.signing_request(name), setAsActive=False
            )
            arn = str(created["certificateArn"])
            folder.write_certificate(created["certificatePem"], arn)
        elif self._status(arn) in (None, "REVOKED"):
            raise CommandError(
                f"the certificate in {folder.path} is revoked or deleted: "
                f"{self._removal(name)} first"
            )
        self._iot.attach_policy(policyName=self.policy, target=arn)
        self._iot.attach_thing_principal(thingName=name, principal=arn)
        self._iot.update_certificate(certificateId=_id(arn), newStatus="ACTIVE")

    def remove(self, name: str, own_arn: str | None) -> list[str]:
        """Revoke, detach and delete a thing's certificates, then delete the thing.

        Parameters
        ----------
        name : str
        own_arn : str or None
            Another certificate to revoke: an interrupted `add` may not have attached it.

        Returns
        -------
        list of str
            ARNs of the deleted certificates.

        Raises
        ------
        CommandError
            If the thing belongs to another stage; nothing is changed then.
        """
        attached = self._certificates(name) or []
        arns = list(dict.fromkeys([*attached, *([own_arn] if own_arn else ())]))
        self._check_stage(name, arns)
        for arn in arns:
            self._call("update_certificate", certificateId=_id(arn), newStatus="REVOKED")
            self._call("detach_thing_principal", thingName=name, principal=arn)
            for policy in self._policies(arn):
                self._call("detach_policy", policyName=policy, target=arn)
            self._call("delete_certificate", certificateId=_id(arn))
        self._call("delete_thing", thingName=name)
        return arns

    def _certificates(self, name: str) -> list[str] | None:
        """Return the ARNs of a thing's certificates, or None if the thing does not exist."""
        principals = self._list("list_thing_principals", "principals[]", thingName=name)
        return None if principals is None else [arn for arn in principals if ":cert/" in arn]

    def _check_stage(self, name: str, arns: Iterable[str]) -> None:
        """Stages may share an account, where the names of things are unique."""
        for arn in arns:
            policies = self._policies(arn)
            if policies and self.policy not in policies:
                raise CommandError(
                    f"{name} is not in stage {self._stage_name}: its certificate has the policy "
                    f"{policies[0]}; set STAGE to the stage of that policy, or choose another NAME"
                )

    def _removal(self, name: str) -> str:
        return f"run make device-remove NAME={name} STAGE={self._stage_name}"

    def _policies(self, arn: str) -> list[str]:
        return self._list("list_attached_policies", "policies[].policyName", target=arn) or []

    def _status(self, arn: str) -> str | None:
        found = self._call("describe_certificate", certificateId=_id(arn))
        return None if found is None else str(found["certificateDescription"]["status"])

    def _call(self, operation: str, **arguments: str) -> Any:
        """Call AWS IoT; return None if the thing, certificate or policy does not exist."""
        with suppress(self._iot.exceptions.ResourceNotFoundException):
            return getattr(self._iot, operation)(**arguments)
        return None

    def _list(self, operation: str, path: str, **arguments: str) -> list[str] | None:
        """Return the strings at a JMESPath in all pages, or None as `_call` does."""
        with suppress(self._iot.exceptions.ResourceNotFoundException):
            return list(self._iot.get_paginator(operation).paginate(**arguments).search(path))
        return None


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
