"""The one place where things are built and joined."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from gateway import errors
from gateway.auth import RequireKey
from gateway.budget import Budget
from gateway.classifier import ClassifierInUse
from gateway.cloud import make_cloud
from gateway.dispatch import Dispatcher
from gateway.embedding import Embedder
from gateway.endpoints.answering import AnsweringEndpoint, Dialect
from gateway.endpoints.chat import ChatDialect
from gateway.endpoints.completions import CompletionsDialect
from gateway.endpoints.count_tokens import count_tokens_endpoints
from gateway.endpoints.dashboard import dashboard_endpoints
from gateway.endpoints.decisions import decisions_endpoints
from gateway.endpoints.embeddings import EmbeddingsEndpoint
from gateway.endpoints.feedback import feedback_endpoints
from gateway.endpoints.health import health_endpoints
from gateway.endpoints.messages import MessagesDialect
from gateway.endpoints.models import models_endpoints
from gateway.endpoints.responses import ResponsesDialect
from gateway.endpoints.route import route_endpoints
from gateway.endpoints.savings import savings_endpoints
from gateway.endpoints.status import status_endpoints
from gateway.endpoints.threshold import threshold_endpoints
from gateway.fastpath import FastPathApp
from gateway.guard import Guard, RequireJson, make_doors
from gateway.ledger import Ledger
from gateway.lifecycle import Lifecycle
from gateway.local import LocalSide, make_local
from gateway.measured import OwnLabels
from gateway.metrics import Metrics
from gateway.openapi import describe
from gateway.pricing import Pricer
from gateway.privacy import PrivacyLane
from gateway.recorder import Recorder
from gateway.reload import Reloader
from gateway.secondlook import SecondLook
from gateway.settings import Settings
from gateway.statedir import prepare_state_dir
from gateway.telemetry import make_telemetry
from gateway.threshold import ThresholdInForce
from gateway.traits import TraitSampler
from router.policy import RoutingPolicy

DIALECTS: dict[str, Dialect] = {
    "/v1/chat/completions": ChatDialect(),
    "/v1/responses": ResponsesDialect(),
    "/v1/messages": MessagesDialect(),
    "/v1/completions": CompletionsDialect(),
}
"""Every endpoint that answers, by its path."""


def create_app(settings: Settings) -> FastAPI:
    """Build a gateway. Nothing is started before the application is.

    Raises
    ------
    ExtraMissingError
        If the configuration needs a package that is not installed.
    ArtifactError
        If the router's artifact cannot be used.
    SettingsError
        If there can be no state directory.
    """
    prepare_state_dir(settings.state_dir)
    classifier = ClassifierInUse(settings)
    metrics = Metrics()
    local = make_local(settings.local, settings.state_dir)
    cloud = make_cloud(settings.cloud)
    budget = Budget(settings.budget)
    pricer = Pricer(settings, (metrics.priced, budget.priced))
    ledger = Ledger(settings.ledger_url, settings.state_dir / "spool", pricer, settings.ledger.keep_days)
    telemetry = make_telemetry(settings, pricer)
    recorder = Recorder(ledger, metrics, telemetry)
    threshold = ThresholdInForce.of(settings, classifier.artifact)
    dispatcher = Dispatcher(
        RoutingPolicy(classifier, threshold.default),
        local,
        cloud,
        recorder,
        classifier=classifier,
        threshold=threshold,
        traits=TraitSampler(classifier),
        privacy=PrivacyLane(settings.privacy),
        second_look=SecondLook(settings.router.second_look, settings.local.total_timeout_s),
        budget=budget,
        settings=settings.router,
    )
    labels = OwnLabels(settings.router.labels)
    told = [pricer.configure, *([] if telemetry is None else [telemetry.configure])]
    reloader = Reloader(settings, dispatcher, classifier, threshold, labels, told)
    lifecycle = Lifecycle(reloader)
    metrics.watch("slimgate_budget_used_ratio", "Share of the cloud's budget that is spent.", budget.used, "livemax")
    _watch(metrics, local, ledger, threshold, classifier)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        ledger.start()
        if local is not None:
            await local.start()
        kept = [asyncio.create_task(metrics.keep_fresh()), asyncio.create_task(reloader.follow())]
        kept.append(asyncio.create_task(budget.keep_fresh(ledger)))
        try:
            yield
        finally:
            for task in kept:
                task.cancel()
            await asyncio.gather(*kept, return_exceptions=True)
            if local is not None:
                await local.stop()
            if dispatcher.cloud is not None:
                await dispatcher.cloud.aclose()
            await reloader.aclose()
            ledger.close()
            if telemetry is not None:
                await asyncio.to_thread(telemetry.shutdown)

    app = FastPathApp(title="slimgate", version=version("slimgate"), lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.lifecycle = lifecycle
    errors.install(app)
    for path, dialect in DIALECTS.items():
        answering = AnsweringEndpoint(dialect, dispatcher, recorder, max_body_bytes=settings.max_body_bytes)
        app.answer(path, answering)
    embedder = Embedder(settings.embeddings, dispatcher, recorder)
    embeddings = EmbeddingsEndpoint(embedder, recorder, max_body_bytes=settings.max_body_bytes)
    app.answer("/v1/embeddings", embeddings)
    app.include_router(models_endpoints(dispatcher))
    app.include_router(count_tokens_endpoints(dispatcher, max_body_bytes=settings.max_body_bytes))
    app.include_router(route_endpoints(dispatcher, max_body_bytes=settings.max_body_bytes))
    app.include_router(savings_endpoints(ledger))
    app.include_router(decisions_endpoints(ledger))
    app.include_router(feedback_endpoints(ledger))
    app.include_router(status_endpoints(dispatcher, local, settings, ledger))
    has_key = settings.api_key is not None
    app.include_router(
        threshold_endpoints(
            threshold,
            ledger,
            pricer.at_cloud,
            classifier,
            labels,
            has_key=has_key,
        )
    )
    app.include_router(dashboard_endpoints())
    app.include_router(health_endpoints(dispatcher, local, lifecycle, metrics))
    app.put_in_front(RequireJson)
    if settings.api_key is not None:
        app.put_in_front(partial(RequireKey, key=settings.api_key.get_secret_value()))
    app.put_in_front(partial(Guard, doors=make_doors(settings)))
    describe(app)
    return app


def _watch(
    metrics: Metrics,
    local: LocalSide | None,
    ledger: Ledger,
    threshold: ThresholdInForce,
    classifier: ClassifierInUse,
) -> None:
    metrics.watch("slimgate_threshold", "Scores from here on go to the cloud.", lambda: threshold.value, "livemax")
    metrics.watch(
        "slimgate_classifier_refused",
        "Whether the classifier that is wanted cannot be used, and an earlier one decides.",
        lambda: float(classifier.trouble is not None),
        "livemax",
    )
    metrics.watch("slimgate_ledger_pending_bytes", "Rows the database has not taken yet.", lambda: ledger.pending_bytes)
    metrics.watch_count("slimgate_ledger_refused_rows", "Rows lost for want of disk.", lambda: ledger.refused_rows)
    if local is not None:
        metrics.watch("slimgate_local_up", "Whether the local model answers.", lambda: float(local.up), "livemin")
        metrics.watch_count("slimgate_engine_restarts", "Times the engine was started again.", lambda: local.restarts)
