"""Command ``python -m scripts.deployer_policies``: write the IAM policies of those who deploy.

``deploy/deployers.toml`` says what they may do. Without options, the policies in
``deploy/policies/`` are written, for all stages, regions and accounts. With options, narrower ones
go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCE: Final = ROOT / "deploy" / "deployers.toml"
POLICIES: Final = ROOT / "deploy" / "policies"
# Their statements hold only for calls that CloudFormation makes for the caller:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
BY_CLOUDFORMATION: Final = ("compute", "data")
# Keys of a rule that limit it to services, with their condition keys. Such a rule is not merged.
_SERVICE_KEYS: Final = {"passed_to": "iam:PassedToService", "made_for": "iam:AWSServiceName"}


def load_rules(source: Path = SOURCE) -> dict[str, list[dict[str, Any]]]:
    """Return what each policy allows, by the name of the policy."""
    loaded: dict[str, list[dict[str, Any]]] = tomllib.loads(source.read_text("utf-8"))
    return loaded


def make_policy(
    name: str, rules: Sequence[Mapping[str, Any]], stage: str, region: str, account: str
) -> dict[str, Any]:
    """Return a policy document.

    Parameters
    ----------
    name : str
        Name of the policy in ``deployers.toml``.
    rules : sequence of mapping
        ``resources``, parts of ARNs after the partition, or ``*``; ``actions``; ``passed_to``, the
        services that may get a role; and ``made_for``, those that a service-linked role is for.
    stage, region, account : str
        ``*`` for all.
    """
    values = {"stage": stage, "region": region, "account": account}
    statements = []
    for rule in _merged(rules) if name in BY_CLOUDFORMATION else rules:
        arns = [
            one if one == "*" else f"arn:aws:{one.format(**values)}" for one in rule["resources"]
        ]
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Action": rule["actions"],
            "Resource": [arn.replace("*-*", "*") for arn in arns],
        }
        condition: dict[str, Any] = {}
        if name in BY_CLOUDFORMATION:
            called_via = {"aws:CalledVia": "cloudformation.amazonaws.com"}
            condition["ForAnyValue:StringEquals"] = called_via
        for part, key in _SERVICE_KEYS.items():
            if part in rule:
                condition["StringEquals"] = {key: rule[part]}
        if condition:
            statement["Condition"] = condition
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


def _merged(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one rule for all names, one for ``*``, and those that are limited to services."""
    of_services = [one for one in rules if _SERVICE_KEYS.keys() & one.keys()]
    bounded = [one for one in rules if one["resources"] != ["*"] and one not in of_services]
    unbounded = [one for one in rules if one["resources"] == ["*"]]
    merged = [
        {key: sorted({x for one in part for x in one[key]}) for key in ("resources", "actions")}
        for part in (bounded, unbounded)
    ]
    return [*merged, *(dict(one) for one in of_services)]


def main(argv: Sequence[str] | None = None) -> None:
    """Write the policies."""
    parser = argparse.ArgumentParser(description="Write the IAM policies of deployers.")
    parser.add_argument("--stage", default="*", help="dev, staging or prod; default: all")
    parser.add_argument("--region", default="*", help="default: all")
    parser.add_argument("--account", default="*", help="number of the account; default: all")
    parser.add_argument(
        "--out", type=Path, default=POLICIES, help="folder; default: deploy/policies"
    )
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, rules in load_rules().items():
        policy = make_policy(name, rules, options.stage, options.region, options.account)
        path = options.out / f"{name}.json"
        path.write_text(json.dumps(policy, indent=2) + "\n", "utf-8")
        print(path)


if __name__ == "__main__":
    main()
