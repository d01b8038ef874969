"""Who may connect to whom under NetworkPolicies: their rules as Kubernetes documents them, for the fields used here."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Peer:
    """A pod, or an address outside of the cluster.

    Attributes
    ----------
    ports : mapping of str to int
        The names of its containers' ports.
    """

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    address: str | None = None


def may_connect(policies: Sequence[Policy], source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
    """Whether both sides allow a connection from `source` to `target`; an address outside allows everything."""
    out = source.address is not None or _allows(policies, "Egress", source, target, port, protocol, target)
    return out and (target.address is not None or _allows(policies, "Ingress", target, source, port, protocol, target))


def _allows(
    policies: Sequence[Policy], direction: str, pod: Peer, other: Peer, port: int, protocol: str, target: Peer
) -> bool:
    of_pod = [policy for policy in policies if _selects(policy, pod) and direction in policy["spec"]["policyTypes"]]
    rules = [(policy, rule) for policy in of_pod for rule in policy["spec"].get(direction.lower(), ())]
    side = "from" if direction == "Ingress" else "to"
    return not of_pod or any(
        _is_port(rule, port, protocol, target) and _is_peer(policy, rule.get(side), other) for policy, rule in rules
    )


def _selects(policy: Policy, pod: Peer) -> bool:
    same_namespace = policy["metadata"]["namespace"] == pod.namespace
    return same_namespace and _matches(policy["spec"]["podSelector"], pod.labels)


def _is_peer(policy: Policy, peers: Sequence[Mapping[str, Any]] | None, other: Peer) -> bool:
    return not peers or any(_is_this(policy, peer, other) for peer in peers)


def _is_this(policy: Policy, peer: Mapping[str, Any], other: Peer) -> bool:
    assert set(peer) <= {"ipBlock", "namespaceSelector", "podSelector"}
    if "ipBlock" in peer:
        return other.address is not None and _is_in(peer["ipBlock"], other.address)
    if other.address is not None:
        return False
    if "namespaceSelector" in peer:
        in_namespace = _matches(peer["namespaceSelector"], other.namespace_labels)
    else:
        in_namespace = other.namespace == policy["metadata"]["namespace"]
    return in_namespace and _matches(peer.get("podSelector", {}), other.labels)


def _is_in(block: Mapping[str, Any], address: str) -> bool:
    here = ipaddress.ip_address(address)
    inside = here in ipaddress.ip_network(block["cidr"])
    return inside and not any(here in ipaddress.ip_network(hole) for hole in block.get("except", ()))


def _is_port(rule: Mapping[str, Any], port: int, protocol: str, target: Peer) -> bool:
    listed = rule.get("ports")
    return listed is None or any(
        one.get("protocol", "TCP") == protocol and target.ports.get(one["port"], one["port"]) == port for one in listed
    )


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}, "nothing here carries out other selectors"
    return all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())
