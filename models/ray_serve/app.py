"""The application that a Serve configuration names: ``import_path: models.ray_serve.app:build``."""

import secrets

from ray import serve
from ray.serve.config import AutoscalingConfig, RequestRouterConfig

from models.ray_serve.ingress import Ingress
from models.ray_serve.options import Arguments, engine_options
from models.ray_serve.replica import EngineReplica
from models.ray_serve.router import PATH, STATS_EVERY_S

ENGINE, INGRESS = "Engine", "Ingress"
INGRESS_ONGOING = 1000
"""Requests that one ingress passes on at the same time; each costs it little."""

HEALTH_EVERY_S, HEALTH_WITHIN_S = 2.0, 10.0
STATS_WITHIN_S = 5.0


def build(args: Arguments) -> serve.Application:
    """The engine's replicas behind the ingress.

    Raises
    ------
    ValueError
        If `args.engine` names an option that the engine does not have.
    """
    engine_options({"model_path": "any", **args.engine_values})
    router = RequestRouterConfig(
        request_router_class=PATH,  # type: ignore[arg-type]
        request_routing_stats_period_s=STATS_EVERY_S,  # type: ignore[arg-type]
        request_routing_stats_timeout_s=STATS_WITHIN_S,  # type: ignore[arg-type]
    )
    scaling = AutoscalingConfig(
        min_replicas=args.min_replicas,
        max_replicas=args.max_replicas,
        target_ongoing_requests=args.ongoing_target,
        upscale_delay_s=args.upscale_delay_s,
        downscale_delay_s=args.downscale_delay_s,
        look_back_period_s=args.look_back_period_s,
    )
    engine = serve.deployment(
        name=ENGINE,
        ray_actor_options={"num_cpus": args.num_cpus, "num_gpus": args.num_gpus},
        max_ongoing_requests=args.max_sequences + args.max_queue,
        max_queued_requests=args.max_waiting,
        autoscaling_config=scaling,
        health_check_period_s=HEALTH_EVERY_S,
        health_check_timeout_s=HEALTH_WITHIN_S,
        graceful_shutdown_timeout_s=args.drain_s,
        request_router_config=router,
    )(EngineReplica)
    ingress = serve.deployment(
        name=INGRESS,
        num_replicas=args.ingress_replicas,
        ray_actor_options={"num_cpus": args.ingress_num_cpus},
        max_ongoing_requests=INGRESS_ONGOING,
        health_check_period_s=HEALTH_EVERY_S,
        health_check_timeout_s=HEALTH_WITHIN_S,
        graceful_shutdown_timeout_s=args.drain_s,
    )(serve.ingress()(Ingress))
    return ingress.bind(
        engine.bind(args.engine_values, args.ready_timeout_s),
        ENGINE,
        secrets.token_bytes(32),
        args.allow_anonymous,
        args.allowed_hosts,
    )
