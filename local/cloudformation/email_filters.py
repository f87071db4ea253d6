"""Which messages of a topic people get: the filter policies of its subscriptions by e-mail."""

from __future__ import annotations

from typing import Any

from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template

SUBSCRIPTION = "AWS::SNS::Subscription"


def email_filters(template: Template, resolver: Resolver) -> dict[str, dict[str, Any]]:
    """Return filter policies by topic ARN, whether or not the template has an address to send to.

    Topics without a subscription by e-mail, or with one that gets everything, are left out.
    """
    found = {}
    for name in template.section("Resources"):
        if template.type_of(name) == SUBSCRIPTION:
            properties = resolver.properties(name)
            if properties.get("Protocol") == "email" and properties.get("FilterPolicy"):
                found[str(properties["TopicArn"])] = dict(properties["FilterPolicy"])
    return found
