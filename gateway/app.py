"""The one place where things are built and joined."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from sqlalchemy import make_url

from gateway.access.auth import RequireKey
from gateway.access.guard import Guard, RequireJson, make_doors
from gateway.background import Background
from gateway.config.settings import Settings
from gateway.config.state_dir import prepare_state_dir
from gateway.dialects.registry import DIALECTS
from gateway.dispatch.backends import Backends
from gateway.dispatch.cascade import Cascade
from gateway.dispatch.decider import Decider
from gateway.dispatch.dispatcher import Dispatcher
from gateway.dispatch.embeddings import Embedder
from gateway.dispatch.local import LocalSide, make_local
from gateway.dispatch.privacy import PrivacyLane
from gateway.endpoints.answering import AnsweringEndpoint
from gateway.endpoints.count_tokens import count_tokens_endpoints
from gateway.endpoints.dashboard import dashboard_endpoints
from gateway.endpoints.decisions import decisions_endpoints
from gateway.endpoints.embeddings import EmbeddingsEndpoint
from gateway.endpoints.feedback import feedback_endpoints
from gateway.endpoints.health import health_endpoints
from gateway.endpoints.ledger import ledger_endpoints
from gateway.endpoints.models import models_endpoints
from gateway.endpoints.route import route_endpoints
from gateway.endpoints.savings import savings_endpoints
from gateway.endpoints.status import status_endpoints
from gateway.endpoints.threshold import threshold_endpoints
from gateway.http import errors
from gateway.http.fast_path import FastPathApp
from gateway.ledger import Ledger
from gateway.openapi import describe
from gateway.record.logs import show_words
from gateway.record.metrics import Metrics
from gateway.record.recorder import Recorder
from gateway.record.telemetry import make_telemetry
from gateway.reload import Lifecycle, Reloader, Taker
from gateway.reports.failure_rates import OwnLabels
from gateway.scoring.active_classifier import ClassifierInUse
from gateway.scoring.active_threshold import ThresholdInForce
from gateway.scoring.contributions import TraitSampler
from gateway.spending.budget import Budget
from gateway.spending.pricing import Pricer
from models.redaction.secrets import keep_secret


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
    _hide(settings)
    show_words(settings)
    prepare_state_dir(settings.state_dir)
    classifier = ClassifierInUse(settings)
    metrics = Metrics()
    local = make_local(settings.local, settings.state_dir)
    backends = Backends(local, settings.cloud)
    background = Background(metrics.background_failed)
    pricer = Pricer(settings)
    ledger = Ledger(settings.ledger_url, settings.state_dir / "spool", pricer.price, settings.ledger.keep_days)
    ledger.when_committed(metrics.priced)
    budget = Budget(settings.budget, ledger, pricer)
    telemetry = make_telemetry(settings, pricer)
    recorder = Recorder(ledger, metrics, budget, telemetry)
    threshold = ThresholdInForce.of(settings, classifier.artifact)
    cascade = Cascade(settings.router.second_look, settings.local.total_timeout_s)
    decider = Decider(
        backends,
        classifier,
        lambda: threshold.value,
        settings.router,
        PrivacyLane(settings.privacy),
        budget=budget,
        cascade=cascade,
    )
    dispatcher = Dispatcher(
        decider,
        backends,
        recorder,
        budget=budget,
        cascade=cascade,
        classifier=classifier,
        contributions=TraitSampler(classifier),
    )
    labels = OwnLabels(settings.router.labels)
    lifecycle = Lifecycle(settings.drain_s, settings.grace_s)
    named_servers = () if telemetry is None else (telemetry.configure,)
    takers: dict[str, tuple[Taker, ...]] = {
        "cloud": (lambda new: backends.configure(new.cloud), pricer.configure, *named_servers),
        "router": (
            lambda new: labels.configure(new.router.labels),
            lambda new: cascade.configure(new.router.second_look),
        ),
        "budget": (lambda new: budget.configure(new.budget),),
        "savings": (pricer.configure,),
        "prices": (pricer.configure,),
        "log": (show_words,),
        "drain_s": (lifecycle.configure,),
        "grace_s": (lifecycle.configure,),
    }
    reloader = lifecycle.reloader = Reloader(settings, decider, classifier, threshold, takers)
    _watch(metrics, local, threshold, classifier)
    _watch_money(metrics, ledger, budget)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        ledger.start()
        background.watch("ledger", lambda: ledger.alive)
        if local is not None:
            await local.start(background)
        await budget.first_look()
        background.keep("metrics", metrics.keep_fresh)
        background.keep("reload", reloader.follow)
        background.keep("budget", budget.keep_fresh)
        try:
            yield
        finally:
            await background.stop()
            if local is not None:
                await local.stop()
            await backends.aclose()
            ledger.close()
            if telemetry is not None:
                await asyncio.to_thread(telemetry.shutdown)

    app = FastPathApp(title="slimgate", version=version("slimgate"), lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.lifecycle = lifecycle
    errors.install(app)
    for path, dialect in DIALECTS.items():
        answering = AnsweringEndpoint(dialect, dispatcher, recorder, max_body_bytes=settings.max_body_bytes)
        app.answer(path, answering)
    embedder = Embedder(settings.embeddings, decider, backends, budget, recorder)
    embeddings = EmbeddingsEndpoint(embedder, recorder, max_body_bytes=settings.max_body_bytes)
    app.answer("/v1/embeddings", embeddings)
    app.include_router(models_endpoints(decider))
    app.include_router(count_tokens_endpoints(decider, max_body_bytes=settings.max_body_bytes))
    app.include_router(route_endpoints(decider, classifier, max_body_bytes=settings.max_body_bytes))
    app.include_router(savings_endpoints(ledger))
    app.include_router(decisions_endpoints(ledger))
    app.include_router(feedback_endpoints(ledger))
    has_key = settings.api_key is not None
    app.include_router(status_endpoints(backends, threshold, classifier, budget, ledger, key_required=has_key))
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
    app.include_router(ledger_endpoints(ledger))
    app.include_router(health_endpoints(backends, lifecycle, metrics, background))
    app.put_in_front(RequireJson)
    if settings.api_key is not None:
        app.put_in_front(partial(RequireKey, key=settings.api_key.get_secret_value()))
    app.put_in_front(partial(Guard, doors=make_doors(settings)))
    describe(app)
    return app


def _hide(settings: Settings) -> None:
    """Keys that no connection to a model carries: callers' own, and the database's password."""
    key = settings.api_key
    keep_secret([None if key is None else key.get_secret_value(), make_url(settings.ledger_url).password])


def _watch(
    metrics: Metrics,
    local: LocalSide | None,
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
    if local is not None:
        metrics.watch("slimgate_local_up", "Whether the local model answers.", lambda: float(local.up), "livemin")
        metrics.watch_count("slimgate_engine_restarts", "Times the engine was started again.", lambda: local.restarts)


def _watch_money(metrics: Metrics, ledger: Ledger, budget: Budget) -> None:
    metrics.watch("slimgate_ledger_pending_bytes", "Rows the database has not taken yet.", lambda: ledger.pending_bytes)
    metrics.watch_count("slimgate_ledger_refused_rows", "Rows lost for want of disk.", lambda: ledger.refused_rows)
    metrics.watch_count("slimgate_ledger_set_aside_rows", "Rows that cannot be stored.", lambda: ledger.set_aside.added)
    metrics.watch_count("slimgate_ledger_unpriced_rows", "Rows that could not be priced.", lambda: ledger.unpriced_rows)
    metrics.watch("slimgate_budget_used_ratio", "Share of the cloud's budget that is spent.", budget.used, "livemax")
    metrics.watch(
        "slimgate_budget_unknown",
        "Whether it is not known at the moment what was spent.",
        lambda: float(budget.trouble is not None),
        "livemax",
    )
