"""The application: its endpoints over the parts of a gateway, what stands in front of them, and its lifespan."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.access.auth import RequireKey
from gateway.access.cors import AllowOrigins
from gateway.access.guard import Guard, RequireJson, make_host_check
from gateway.access.known_headers import RequireKnownHeaders
from gateway.config.secret import hide_secrets
from gateway.config.settings import Settings
from gateway.config.state_dir import prepare_state_dir
from gateway.dialects.messages.errors import refusal
from gateway.dialects.registry import DIALECTS
from gateway.dispatch.native_responses import NativeResponses
from gateway.endpoints.answering import AnsweringEndpoint
from gateway.endpoints.audit import audit_endpoints
from gateway.endpoints.compact import CompactEndpoint, Compacting, input_tokens_endpoints
from gateway.endpoints.count_tokens import count_tokens_endpoints
from gateway.endpoints.dashboard import dashboard_endpoints
from gateway.endpoints.decisions import decisions_endpoints
from gateway.endpoints.embeddings import EmbeddingsEndpoint
from gateway.endpoints.exam import exam_endpoints
from gateway.endpoints.feedback import feedback_endpoints
from gateway.endpoints.health import health_endpoints
from gateway.endpoints.kept_responses import kept_responses_endpoints
from gateway.endpoints.keys import keys_endpoints
from gateway.endpoints.ledger import ledger_endpoints
from gateway.endpoints.login import login_endpoints
from gateway.endpoints.models import models_endpoints
from gateway.endpoints.responses import ResponsesEndpoint
from gateway.endpoints.route import route_endpoints
from gateway.endpoints.savings import savings_endpoints
from gateway.endpoints.session import session_endpoints
from gateway.endpoints.status import status_endpoints
from gateway.endpoints.threshold import threshold_endpoints
from gateway.endpoints.usage import usage_endpoints
from gateway.http import errors
from gateway.http.fast_path import FastPathApp
from gateway.http.inflate import InflateBodies
from gateway.http.paths import OtherPaths
from gateway.openapi import describe
from gateway.parts import Parts, make_parts
from gateway.record.logs import apply_log_settings

logger = logging.getLogger(__name__)


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
    hide_secrets(settings)
    apply_log_settings(settings)
    prepare_state_dir(settings.state_dir)
    parts = make_parts(settings)
    app = FastPathApp(
        title="slimgate",
        version=version("slimgate"),
        lifespan=lambda _app: _running(parts),
        docs_url=None,
        redoc_url=None,
    )
    app.state.lifecycle, app.state.logins = parts.lifecycle, parts.logins
    errors.install(app, refusal)
    _add_answering(app, parts, settings.max_body_bytes, settings.keep_alive_s)
    _add_others(app, parts, settings)
    _guard(app, settings, parts)
    describe(app)
    return app


@contextlib.asynccontextmanager
async def _running(parts: Parts) -> AsyncIterator[None]:
    """Start what runs beside the endpoints, and end it in the reverse order."""
    local, background = parts.backends.local, parts.background
    parts.ledger.start()
    background.watch("ledger", lambda: parts.ledger.alive)
    if local is not None:
        await local.start(background)
        if parts.backends.cloud is not None and not local.up:
            logger.info("the local model is not ready yet; until it is, the cloud answers what may leave this machine")
    await parts.keys.first_refresh()
    await parts.budget.first_refresh()
    if parts.shared is not None:
        await asyncio.to_thread(parts.shared.pull)  # the tables are there, or the database is away
        await parts.lifecycle.reloader.take_over_classifier()
        background.keep("shared files", parts.shared.keep_fresh)
    if parts.peers is not None:
        background.keep("other gateways", parts.peers.keep_beating, is_vital=False)
    background.keep("metrics", parts.metrics.keep_fresh)
    background.keep("reload", parts.lifecycle.reloader.follow)
    background.keep("budget", parts.budget.keep_fresh)
    background.keep("budget warnings", parts.budget.warnings.run, is_vital=False)
    background.keep("keys", parts.keys.keep_fresh)
    background.keep("private sessions", parts.private_sessions.keep_tidy, is_vital=False)
    if parts.conversations.store is not None:
        background.keep("responses", parts.conversations.store.keep_tidy)
    if parts.places is not None:
        background.keep("limits", parts.places.keep_renewed)
    background.keep("exam", parts.exam.run, is_vital=False)
    try:
        yield
    finally:
        await background.stop()
        if local is not None:
            await local.stop()
        await parts.backends.aclose()
        await parts.budget.stop()
        if parts.peers is not None:
            await asyncio.to_thread(parts.peers.leave)
        parts.ledger.close()
        if parts.conversations.store is not None:
            parts.conversations.store.close()
        if parts.telemetry is not None:
            await asyncio.to_thread(parts.telemetry.shutdown)


def _add_answering(app: FastPathApp, parts: Parts, limit: int, keep_alive_s: float) -> None:
    dispatcher, recorder, limits = parts.dispatcher, parts.recorder, parts.limits
    endpoints: dict[str, ASGIApp] = {
        **{
            path: AnsweringEndpoint(
                dialect, dispatcher, recorder, limits, max_body_bytes=limit, keep_alive_s=keep_alive_s
            )
            for path, dialect in DIALECTS.items()
        },
        "/v1/responses": ResponsesEndpoint(
            parts.conversations, dispatcher, recorder, limits, max_body_bytes=limit, keep_alive_s=keep_alive_s
        ),
        "/v1/responses/compact": CompactEndpoint(
            _compacting(parts), dispatcher, recorder, limits, max_body_bytes=limit
        ),
        "/v1/embeddings": EmbeddingsEndpoint(parts.embedder, recorder, limits, max_body_bytes=limit),
    }
    for path, endpoint in endpoints.items():
        app.answer(path, endpoint)


def _compacting(parts: Parts) -> Compacting:
    return Compacting(parts.conversations, NativeResponses(parts.backends, parts.decider), parts.decider, parts.budget)


def _add_others(app: FastPathApp, parts: Parts, settings: Settings) -> None:
    decider, classifier, threshold, ledger = parts.decider, parts.classifier, parts.threshold, parts.ledger
    max_body_bytes = settings.max_body_bytes
    for endpoints in (
        models_endpoints(decider, parts.embedder),
        count_tokens_endpoints(decider, max_body_bytes=max_body_bytes),
        input_tokens_endpoints(_compacting(parts), decider, max_body_bytes=max_body_bytes),
        kept_responses_endpoints(parts.conversations, NativeResponses(parts.backends, decider)),
        route_endpoints(decider, classifier, max_body_bytes=max_body_bytes),
        savings_endpoints(ledger),
        usage_endpoints(ledger),
        decisions_endpoints(ledger),
        audit_endpoints(ledger),
        feedback_endpoints(ledger),
        status_endpoints(
            parts.backends, threshold, classifier, parts.budget, ledger, parts.exam, parts.keys, parts.peers
        ),
        threshold_endpoints(threshold, ledger, parts.chain, parts.pricer.at_cloud, classifier, parts.failure_rates),
        exam_endpoints(settings.state_dir, lambda: parts.exam.key),
        dashboard_endpoints(),
        login_endpoints(parts.logins),
        session_endpoints(parts.logins),
        ledger_endpoints(ledger),
        keys_endpoints(parts.key_store, parts.keys, parts.peers),
        health_endpoints(parts.backends, parts.lifecycle, parts.metrics, parts.background, parts.keys),
    ):
        app.include_router(endpoints)


def _guard(app: FastPathApp, settings: Settings, parts: Parts) -> None:
    """Put in front of every endpoint what a call has to pass; the last one is passed first."""
    app.put_in_front(partial(InflateBodies, max_bytes=settings.max_body_bytes))
    app.put_in_front(RequireJson)
    app.put_in_front(RequireKnownHeaders)
    app.put_in_front(partial(RequireKey, keys=parts.keys, logins=parts.logins))
    if settings.allowed_origins:
        app.put_in_front(partial(AllowOrigins, origins=settings.allowed_origins))
    lifecycle = parts.lifecycle
    app.put_in_front(partial(Guard, host_check=make_host_check(settings), is_draining=lambda: lifecycle.draining))
    app.put_in_front(OtherPaths)
    if settings.trusted_proxies:
        believe = partial(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
        app.put_in_front(believe)  # type: ignore[arg-type]  # uvicorn has types of its own for ASGI
