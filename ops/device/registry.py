"""Things, certificates and policies in AWS IoT."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from ops.device.folder import DeviceFolder
from ops.errors import CommandError


class DeviceRegistry:
    """AWS IoT as far as devices of one stack are concerned.

    Parameters
    ----------
    iot : client
    stage_name : str
    policy : str
        What devices of the stage may do.
    """

    def __init__(self, iot: Any, stage_name: str, policy: str) -> None:
        self._iot = iot
        self._stage_name = stage_name
        self.policy = policy

    def endpoint(self) -> str:
        """Return the host that devices connect to."""
        return str(self._iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"])

    def add(self, name: str, folder: DeviceFolder) -> None:
        """Make thing and certificate, attach both; what is done already is left as it is.

        The certificate is activated last, so that one that was cut off opens nothing.

        Raises
        ------
        CommandError
            When the thing has a certificate whose key is elsewhere, or is of another stage.
        """
        arns = self.certificates(name)
        if arns is None:
            self._iot.create_thing(thingName=name)
        self._check_stage(name, arns or ())
        arn = folder.arn
        if any(other != arn for other in arns or ()):
            raise CommandError(
                f"{name} has a certificate whose key is not in {folder.path}, and no key can be "
                f"fetched again: copy that folder here, or {self._removal(name)} first"
            )
        if arn is None:
            made = self._iot.create_certificate_from_csr(
                certificateSigningRequest=folder.signing_request(name), setAsActive=False
            )
            arn = str(made["certificateArn"])
            folder.keep_certificate(made["certificatePem"], arn)
        elif self._status(arn) in (None, "REVOKED"):
            raise CommandError(
                f"the certificate in {folder.path} is revoked or gone: {self._removal(name)} first"
            )
        self._iot.attach_policy(policyName=self.policy, target=arn)
        self._iot.attach_thing_principal(thingName=name, principal=arn)
        self._iot.update_certificate(certificateId=_id(arn), newStatus="ACTIVE")

    def certificates(self, name: str) -> list[str] | None:
        """Return the ARNs of a thing's certificates; None when there is no such thing."""
        arns: list[str] = []
        token: dict[str, str] = {}
        while True:
            try:
                page = self._iot.list_thing_principals(thingName=name, **token)
            except ClientError as error:
                if _is_missing(error):
                    return None
                raise
            arns += [one for one in page["principals"] if ":cert/" in one]
            if not page.get("nextToken"):
                return arns
            token = {"nextToken": page["nextToken"]}

    def remove(self, name: str, own_arn: str | None) -> list[str]:
        """Revoke, detach and delete a thing's certificates, then the thing.

        Parameters
        ----------
        name : str
        own_arn : str or None
            A further certificate to revoke, which a run that was cut off may have left.

        Returns
        -------
        list of str
            ARNs of the certificates that are gone.

        Raises
        ------
        CommandError
            When the thing is of another stage; nothing is done to it then.
        """
        found = self.certificates(name)
        arns = list(found or ())
        if own_arn is not None and own_arn not in arns:
            arns.append(own_arn)
        self._check_stage(name, arns)
        for arn in arns:
            self._revoke(arn)
            if found is not None:
                self._ignoring_missing("detach_thing_principal", thingName=name, principal=arn)
            for policy in self._policies(arn):
                self._ignoring_missing("detach_policy", policyName=policy, target=arn)
            self._ignoring_missing("delete_certificate", certificateId=_id(arn))
        if found is not None:
            self._ignoring_missing("delete_thing", thingName=name)
        return arns

    def _check_stage(self, name: str, arns: Iterable[str]) -> None:
        """Stages may share an account, and things have one name for all of it."""
        for arn in arns:
            policies = self._policies(arn)
            if policies and self.policy not in policies:
                raise CommandError(
                    f"{name} is not of the stage {self._stage_name}: its certificate has the "
                    f"policy {policies[0]}, so give the STAGE of that, or another NAME"
                )

    def _removal(self, name: str) -> str:
        return f"make device-remove NAME={name} STAGE={self._stage_name}"

    def _revoke(self, arn: str) -> None:
        self._ignoring_missing("update_certificate", certificateId=_id(arn), newStatus="REVOKED")

    def _policies(self, arn: str) -> list[str]:
        try:
            page = self._iot.list_attached_policies(target=arn, pageSize=250)
        except ClientError as error:
            if _is_missing(error):
                return []
            raise
        return [str(one["policyName"]) for one in page["policies"]]

    def _status(self, arn: str) -> str | None:
        try:
            found = self._iot.describe_certificate(certificateId=_id(arn))
        except ClientError as error:
            if _is_missing(error):
                return None
            raise
        return str(found["certificateDescription"]["status"])

    def _ignoring_missing(self, operation: str, **arguments: str) -> None:
        try:
            getattr(self._iot, operation)(**arguments)
        except ClientError as error:
            if not _is_missing(error):
                raise


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"].get("Code") == "ResourceNotFoundException"
