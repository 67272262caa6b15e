"""Fields of MeshConfig, each set now and then."""

import random
import typing

from .draw import Object


def mesh_config(chance: random.Random) -> Object:
    config: Object = {}

    def set_field(field: str, value: typing.Any, probability: float = 0.12) -> None:
        # Unlike `Draw.maybe`, the value is drawn first.
        if chance.random() < probability:
            config[field] = value

    choice = chance.choice
    set_field("outboundTrafficPolicy", {"mode": "REGISTRY_ONLY"}, 0.15)
    set_field("connectTimeout", choice(["1s", "20s"]))
    set_field("protocolDetectionTimeout", choice(["0s", "3s"]))
    set_field("h2UpgradePolicy", "UPGRADE")
    set_field("tcpKeepalive", {"time": "300s", "probes": 5})
    set_field("pathNormalization", {"normalization": choice(["NONE", "MERGE_SLASHES", "BASE", "DECODE_AND_MERGE_SLASHES"])})
    set_field("defaultServiceExportTo", [choice(["*", "."])], 0.06)
    set_field("defaultVirtualServiceExportTo", [choice(["*", "."])])
    set_field("defaultDestinationRuleExportTo", [choice(["*", "."])])
    set_field("defaultHttpRetryPolicy", choice([{"attempts": 0}, {"attempts": 4, "retryOn": "5xx"}]))
    set_field("enableAutoMtls", False)
    set_field("dnsRefreshRate", "30s")
    failover = {"enabled": True, "failover": [{"from": "us-east-1", "to": "eu-west-1"}]}
    set_field("localityLbSetting", choice([{"enabled": False}, failover]))
    set_field("accessLogFile", "/dev/stdout")
    set_field("accessLogEncoding", "JSON", 0.05)
    set_field("verifyCertificateAtClient", False, 0.05)
    set_field("enableTracing", True, 0.08)
    set_field("meshMTLS", {"minProtocolVersion": "TLSV1_3"}, 0.06)
    set_field("tlsDefaults", {"minProtocolVersion": "TLSV1_3"}, 0.06)
    return config
