"""Everything that a gateway consists of, built from its settings and joined. Nothing runs yet."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from gateway.audit.actions import process_actor, record_action
from gateway.audit.chain import AuditChain
from gateway.background import Background
from gateway.config.secret import derived_keys, hide_secrets
from gateway.config.settings import Settings
from gateway.conversations.conversations import Conversations, make_conversations
from gateway.dispatch.backends import Backends
from gateway.dispatch.cascade import Cascade
from gateway.dispatch.decider import Decider
from gateway.dispatch.dispatcher import Dispatcher
from gateway.dispatch.embeddings import Embedder
from gateway.dispatch.local import LocalSide, make_local
from gateway.dispatch.privacy import PrivacyLane
from gateway.dispatch.private_sessions import PrivateSessions
from gateway.exam.background import BackgroundExam
from gateway.exam.sharing import SharedExams
from gateway.keys.active import ActiveKeys
from gateway.keys.secrets import HASHING, SecretHasher
from gateway.keys.store import KeyStore
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.ledger.database import DatabasePassword
from gateway.limits.key_limits import KeyLimits
from gateway.limits.making import make_limits
from gateway.limits.redis import RedisPlaces
from gateway.login.logins import Logins
from gateway.record.egress import EgressWatch
from gateway.record.logs import apply_log_settings
from gateway.record.metrics import Metrics
from gateway.record.recorder import Recorder
from gateway.record.telemetry import Telemetry, make_telemetry
from gateway.reload import Lifecycle, Reloader, Taker
from gateway.reports.failure_rates import FailureRates
from gateway.scoring.active_classifier import ActiveClassifier
from gateway.scoring.active_threshold import ActiveThreshold
from gateway.scoring.contributions import ContributionSampler
from gateway.shared.files import SharedFiles
from gateway.shared.peers import Peers
from gateway.spending.accounts import SCOPES
from gateway.spending.budget import Budget
from gateway.spending.periods import Period
from gateway.spending.pricing import Pricer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one gateway that its endpoints and its lifespan use."""

    background: Background
    backends: Backends
    budget: Budget
    chain: AuditChain
    classifier: ActiveClassifier
    conversations: Conversations
    decider: Decider
    dispatcher: Dispatcher
    embedder: Embedder
    exam: BackgroundExam
    failure_rates: FailureRates
    key_store: KeyStore
    keys: ActiveKeys
    ledger: Ledger
    lifecycle: Lifecycle
    limits: KeyLimits
    logins: Logins
    metrics: Metrics
    peers: Peers | None
    places: RedisPlaces | None
    pricer: Pricer
    private_sessions: PrivateSessions
    recorder: Recorder
    shared: SharedFiles | None
    telemetry: Telemetry | None
    threshold: ActiveThreshold


def make_parts(settings: Settings) -> Parts:
    """Build and join them.

    Raises
    ------
    ExtraMissingError
        If the configuration needs a package that is not installed.
    ArtifactError
        If the router's artifact cannot be used.
    SettingsError
        If the key of what is kept cannot be read or made.
    """
    classifier = ActiveClassifier(settings)
    metrics = Metrics()
    pricer = Pricer(settings)
    chain, password = AuditChain.of(settings), DatabasePassword(settings.ledger_url)
    ledger = Ledger(
        settings.ledger_url,
        settings.state_dir / "spool",
        pricer.price,
        settings.ledger.keep_days,
        chain=chain,
        password=password,
    )
    ledger.when_committed(metrics.priced)
    shared = SharedFiles.of(settings, ledger)
    threshold = ActiveThreshold.of(settings, classifier.artifact, shared)
    watch = EgressWatch(ledger, chain, lambda: decider.clearance)
    backends = Backends(make_local(settings.local, settings.state_dir), settings.cloud, watch.of)
    hasher = SecretHasher(derived_keys(settings, HASHING))
    keys = ActiveKeys(settings, ledger, hasher)
    logins = Logins(settings, keys, ledger, chain)
    budget = Budget(settings.budget, ledger, pricer)
    telemetry = make_telemetry(settings, pricer)
    recorder = Recorder(ledger, metrics, budget, telemetry)
    cascade = Cascade(settings.router.second_look, classifier)
    private_sessions = PrivateSessions(ledger, settings)
    decider = Decider(
        backends,
        classifier,
        lambda: threshold.value,
        settings.router,
        PrivacyLane(settings.privacy),
        budget=budget,
        cascade=cascade,
        sessions=private_sessions,
    )
    dispatcher = Dispatcher(
        decider,
        backends,
        recorder,
        budget=budget,
        cascade=cascade,
        classifier=classifier,
        contributions=ContributionSampler(classifier),
    )
    failure_rates = FailureRates(settings.router.labels)
    peers = None if shared is None else Peers(settings, ledger)
    exams = None if shared is None else SharedExams(ledger, shared)
    exam = BackgroundExam(settings, backends.local, exams)
    conversations = make_conversations(settings, password)
    takers = {
        **_takers(backends, budget, cascade, failure_rates, pricer, telemetry),
        "exam": (lambda new: exam.configure(new.exam),),
        "api_key": (keys.configure,),
        "login": (logins.configure,),
        "oidc": (hide_secrets, keys.configure, logins.configure),
        "secret": (
            hide_secrets,
            *_secret_takers(backends.local, password),
            conversations.take_secrets,
            private_sessions.take_secret,
            lambda new: hasher.take(derived_keys(new, HASHING)),
            chain.configure,
            logins.configure,
            *(() if peers is None else (peers.take_secret,)),
        ),
        "audit": (chain.configure,),
    }
    reloads = partial(_record_reload, ledger, chain)
    _watch(metrics, backends.local, threshold, classifier)
    _watch_cloud(metrics, backends)
    limits, places = make_limits(settings.limits.redis_url, settings.workers)
    if places is not None:
        _watch_limits(metrics, places)
    _watch_money(metrics, ledger, budget)
    metrics.watch(
        "slimgate_secret_differs",
        "Whether another gateway over the same database has another secret.",
        lambda: float(peers is not None and peers.trouble is not None),
        "livemax",
    )
    metrics.watch(
        "slimgate_keys_stale",
        "Whether it is not known at the moment which keys were made or revoked.",
        lambda: float(keys.trouble is not None),
        "livemax",
    )
    return Parts(
        background=Background(metrics.background_failed),
        backends=backends,
        budget=budget,
        chain=chain,
        classifier=classifier,
        conversations=conversations,
        decider=decider,
        dispatcher=dispatcher,
        embedder=Embedder(settings.embeddings, decider, backends, budget, recorder),
        exam=exam,
        failure_rates=failure_rates,
        key_store=KeyStore(ledger, chain, hasher),
        keys=keys,
        ledger=ledger,
        lifecycle=Lifecycle(settings, Reloader(settings, decider, classifier, threshold, takers, reloads)),
        limits=limits,
        logins=logins,
        metrics=metrics,
        peers=peers,
        places=places,
        pricer=pricer,
        private_sessions=private_sessions,
        recorder=recorder,
        shared=shared,
        telemetry=telemetry,
        threshold=threshold,
    )


def _record_reload(ledger: Ledger, chain: AuditChain, changed: Sequence[str]) -> None:
    """Keep the names of changed settings. They are in force: a database that is away is no reason to go back."""
    try:
        record_action(ledger, chain, process_actor("reload"), "settings reloaded", {"changed": changed})
    except LedgerUnavailable as exc:
        logger.error("audit: the reload of %s is not in the audit chain: %s", ", ".join(changed), exc)


def _takers(
    backends: Backends,
    budget: Budget,
    cascade: Cascade,
    failure_rates: FailureRates,
    pricer: Pricer,
    telemetry: Telemetry | None,
) -> dict[str, tuple[Taker, ...]]:
    """What takes over each reloadable part of the configuration, by its name."""
    names_servers = () if telemetry is None else (telemetry.configure,)
    return {
        "cloud": (lambda new: backends.configure(new.cloud), pricer.configure, *names_servers),
        "router": (
            lambda new: failure_rates.configure(new.router.labels),
            lambda new: cascade.configure(new.router.second_look),
        ),
        "budget": (lambda new: budget.configure(new.budget),),
        "savings": (pricer.configure,),
        "prices": (pricer.configure,),
        "log": (apply_log_settings,),
    }


def _secret_takers(local: LocalSide | None, password: DatabasePassword) -> tuple[Taker, ...]:
    """What takes over secrets of sections that are otherwise read once, at the start."""
    takers: list[Taker] = [lambda new: password.take(new.ledger_url)]
    if local is not None:
        takers.append(lambda new: local.take_key(new.local))
    return tuple(takers)


def _watch(
    metrics: Metrics,
    local: LocalSide | None,
    threshold: ActiveThreshold,
    classifier: ActiveClassifier,
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
        metrics.watch(
            "slimgate_local_servers",
            "Servers that the local model runs on: of local.base_urls, or replicas behind one address.",
            lambda: float(len(local.servers()) or 1),
            "livemax",
        )
        metrics.watch(
            "slimgate_local_servers_up",
            "Those of them that answer.",
            lambda: float(sum(server["up"] for server in local.servers()) if local.servers() else local.up),
            "livemin",
        )
        metrics.watch_count("slimgate_engine_restarts", "Times the engine was started again.", lambda: local.restarts)


def _watch_cloud(metrics: Metrics, backends: Backends) -> None:
    """Of the cloud of the moment: a reload may bring another one, or none."""
    metrics.watch(
        "slimgate_cloud_up",
        "0 while the last call to each cloud model failed; 1 otherwise, and without a cloud.",
        lambda: float(backends.cloud is None or backends.cloud.answers),
        "livemin",
    )
    metrics.watch(
        "slimgate_cloud_key_refused",
        "Whether a provider refuses the gateway's key.",
        lambda: float(backends.cloud is not None and backends.cloud.key_refused),
        "livemax",
    )
    metrics.watch_by(
        "slimgate_build_info", "Always 1.", {"version": (version("slimgate"),)}, lambda _version: 1.0, "livemax"
    )


def _watch_limits(metrics: Metrics, places: RedisPlaces) -> None:
    metrics.watch_count(
        "slimgate_limits_unchecked",
        "Limits of keys that one process checked by itself, since Redis was away.",
        lambda: places.link.unchecked,
    )


def _watch_money(metrics: Metrics, ledger: Ledger, budget: Budget) -> None:
    metrics.watch("slimgate_ledger_pending_bytes", "Rows the database has not taken yet.", lambda: ledger.pending_bytes)
    metrics.watch_count("slimgate_ledger_refused_rows", "Rows lost for want of disk.", lambda: ledger.refused_rows)
    metrics.watch_count("slimgate_ledger_set_aside_rows", "Rows that cannot be stored.", lambda: ledger.set_aside.added)
    metrics.watch_count("slimgate_ledger_unpriced_rows", "Rows that could not be priced.", lambda: ledger.unpriced_rows)
    metrics.watch_by(
        "slimgate_budget_used_ratio",
        "Share that is spent of the cloud's budget; of all teams, and of all keys, the one nearest to its limit.",
        {"scope": SCOPES, "period": tuple(Period)},
        budget.used,
        "livemax",
    )
    metrics.watch(
        "slimgate_budget_unknown",
        "Whether it is not known at the moment what was spent.",
        lambda: float(budget.trouble is not None),
        "livemax",
    )
