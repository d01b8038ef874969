"""The database schema, as append-only migrations for SQLite and PostgreSQL."""

from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, MetaData, Table, Text, text

from gateway.audit.chain import FIRST_HASH

METADATA = MetaData()

REQUESTS = Table(
    "requests",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("requested_model", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("served_model", Text, nullable=False),
    Column("key_id", Text),
    Column("session_id", Text),
    Column("outcome", Text, nullable=False),
    Column("error_code", Text),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("usage_estimated", Boolean, nullable=False),
    Column("cost_nusd", BigInteger),
    Column("baseline_model", Text),
    Column("baseline_nusd", BigInteger),
    Column("first_token_ms", Float),
    Column("total_ms", Float),
    Column("overhead_ms", Float),
    Column("contributions", Text),
    Column("artifact", Text),
    Column("second_look", Text),
    Column("deciding_nusd", BigInteger, nullable=False),
    Column("backend_model", Text),
    Column("usage_details", Text),
    Column("estimated_first_token_ms", BigInteger),
    Column("estimated_answer_ms", BigInteger),
    Column("first_n", BigInteger),
    Column("first_logprob", Float),
    Column("first_least_logprob", Float),
    Column("first_margin", Float),
    Column("first_entropy", Float),
    Column("team", Text),
    Column("tags", Text),
    Column("end_user", Text),
    Column("egress", Text),
    Column("abandoned_nusd", BigInteger, nullable=False, server_default="0"),
)

ROLLUP = Table(
    "rollup",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("slot_ms", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in ("route", "reason", "outcome", "baseline_model")),
    *(
        Column(name, BigInteger, nullable=False)
        for name in (
            "requests",
            "answered",
            "covered",
            "prompt_tokens",
            "completion_tokens",
            "cached_tokens",
            "cost_nusd",
            "baseline_nusd",
            "first_token_us",
            "first_tokens",
            "deciding_nusd",
            "spent_nusd",
        )
    ),
)
"""Sums of each quarter of an hour; `gateway.ledger.rollup` says what they mean."""

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("request_id", Text, primary_key=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("ok", Boolean, nullable=False),
)
"""Callers' verdicts on answers; deleted with the request's row."""

MIGRATION_LOCK = 0x534C494D  # "SLIM"
"""Of all locks that clients of the database agree on, the one for migrations."""

# Each entry takes the database one version further. Never edit one that has been released: append. From FIRST_ADDITIVE
# on they only add, so that gateways of the version before go on reading and writing while they are replaced one by one:
# new tables and indexes, new columns that are nullable or have a default.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE requests (
            id TEXT PRIMARY KEY,
            created_ms BIGINT NOT NULL,
            endpoint TEXT NOT NULL,
            requested_model TEXT NOT NULL,
            route TEXT NOT NULL,
            reason TEXT NOT NULL,
            score DOUBLE PRECISION NOT NULL,
            threshold DOUBLE PRECISION NOT NULL,
            stream BOOLEAN NOT NULL,
            served_model TEXT NOT NULL,
            key_id TEXT,
            session_id TEXT,
            outcome TEXT NOT NULL,
            error_code TEXT,
            prompt_tokens BIGINT NOT NULL,
            completion_tokens BIGINT NOT NULL,
            cached_tokens BIGINT NOT NULL,
            usage_estimated BOOLEAN NOT NULL,
            cost_nusd BIGINT,
            baseline_model TEXT,
            baseline_nusd BIGINT,
            first_token_ms DOUBLE PRECISION,
            total_ms DOUBLE PRECISION,
            overhead_ms DOUBLE PRECISION
        )
        """,
        "CREATE INDEX requests_created ON requests (created_ms)",
    ),
    (
        # All columns that the dashboard's lists and filters use, by time: they need not read the rows.
        """
        CREATE INDEX requests_seen
        ON requests (created_ms, id, route, reason, outcome, served_model, key_id, stream, first_token_ms)
        """,
        "DROP INDEX requests_created",
        """
        CREATE TABLE rollup (
            slot_ms BIGINT NOT NULL,
            route TEXT NOT NULL,
            reason TEXT NOT NULL,
            outcome TEXT NOT NULL,
            baseline_model TEXT NOT NULL,
            key_id TEXT NOT NULL,
            requests BIGINT NOT NULL,
            answered BIGINT NOT NULL,
            covered BIGINT NOT NULL,
            prompt_tokens BIGINT NOT NULL,
            completion_tokens BIGINT NOT NULL,
            cached_tokens BIGINT NOT NULL,
            cost_nusd BIGINT NOT NULL,
            baseline_nusd BIGINT NOT NULL,
            first_token_us BIGINT NOT NULL,
            first_tokens BIGINT NOT NULL,
            PRIMARY KEY (slot_ms, route, reason, outcome, baseline_model, key_id)
        )
        """,
        """
        INSERT INTO rollup
        SELECT
            created_ms - created_ms % 900000, route, reason, outcome,
            coalesce(baseline_model, ''), coalesce(key_id, ''),
            count(*),
            sum(CASE WHEN completion_tokens > 0 THEN 1 ELSE 0 END),
            sum(CASE WHEN completion_tokens > 0 AND cost_nusd IS NOT NULL AND baseline_nusd IS NOT NULL
                THEN 1 ELSE 0 END),
            sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens),
            sum(CASE WHEN baseline_nusd IS NOT NULL THEN coalesce(cost_nusd, 0) ELSE 0 END),
            sum(CASE WHEN cost_nusd IS NOT NULL THEN coalesce(baseline_nusd, 0) ELSE 0 END),
            sum(CASE WHEN stream AND first_token_ms IS NOT NULL
                THEN cast(round(first_token_ms * 1000) AS BIGINT) ELSE 0 END),
            sum(CASE WHEN stream AND first_token_ms IS NOT NULL THEN 1 ELSE 0 END)
        FROM requests
        GROUP BY 1, 2, 3, 4, 5, 6
        """,
    ),
    ("ALTER TABLE requests ADD COLUMN traits TEXT",),
    (
        """
        CREATE TABLE feedback (
            request_id TEXT PRIMARY KEY,
            created_ms BIGINT NOT NULL,
            ok BOOLEAN NOT NULL
        )
        """,
    ),
    ("ALTER TABLE requests ADD COLUMN artifact TEXT",),
    (
        "ALTER TABLE requests ADD COLUMN second_look TEXT",
        "ALTER TABLE requests ADD COLUMN deciding_nusd BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE rollup ADD COLUMN deciding_nusd BIGINT NOT NULL DEFAULT 0",
    ),
    (
        "ALTER TABLE requests ADD COLUMN asked_model TEXT",
        "ALTER TABLE rollup ADD COLUMN paid_nusd BIGINT NOT NULL DEFAULT 0",
        # Add the cost of rows without a baseline price, which the sums had left out, as far as rows are still there.
        """
        UPDATE rollup SET paid_nusd = cost_nusd + coalesce((
            SELECT sum(cost_nusd) FROM requests
            WHERE created_ms >= rollup.slot_ms AND created_ms < rollup.slot_ms + 900000
                AND requests.route = rollup.route AND requests.reason = rollup.reason
                AND requests.outcome = rollup.outcome AND coalesce(requests.key_id, '') = rollup.key_id
                AND coalesce(requests.baseline_model, '') = rollup.baseline_model
                AND requests.baseline_nusd IS NULL
        ), 0)
        """,
    ),
    ("ALTER TABLE requests ADD COLUMN usage_details TEXT",),
    (
        "ALTER TABLE requests RENAME COLUMN traits TO contributions",
        "ALTER TABLE requests RENAME COLUMN asked_model TO backend_model",
        "ALTER TABLE rollup RENAME COLUMN paid_nusd TO spent_nusd",
        # The keys in the JSON are renamed with the column.
        """
        UPDATE requests SET contributions =
            replace(replace(contributions, '"familiarity":', '"vocabulary_coverage":'), '"pushes":', '"features":')
        WHERE contributions IS NOT NULL
        """,
    ),
    (
        "ALTER TABLE requests ADD COLUMN estimated_first_token_ms BIGINT",
        "ALTER TABLE requests ADD COLUMN estimated_answer_ms BIGINT",
    ),
    (
        "ALTER TABLE requests ADD COLUMN first_n BIGINT",
        "ALTER TABLE requests ADD COLUMN first_logprob DOUBLE PRECISION",
        "ALTER TABLE requests ADD COLUMN first_least_logprob DOUBLE PRECISION",
        "ALTER TABLE requests ADD COLUMN first_margin DOUBLE PRECISION",
        "ALTER TABLE requests ADD COLUMN first_entropy DOUBLE PRECISION",
    ),
    (
        "ALTER TABLE requests ADD COLUMN team TEXT",
        "ALTER TABLE requests ADD COLUMN tags TEXT",
        "ALTER TABLE requests ADD COLUMN end_user TEXT",
        "ALTER TABLE requests ADD COLUMN egress TEXT",
        # By session, of callers who may name theirs alike; a viewer's own need not read the rows of others.
        """
        CREATE INDEX requests_session ON requests (session_id, key_id, created_ms, team) WHERE session_id IS NOT NULL
        """,
        "DROP INDEX requests_seen",
        """
        CREATE INDEX requests_seen
        ON requests (created_ms, id, route, reason, outcome, served_model, key_id, team, tags, stream, first_token_ms)
        """,
        # The sums of everybody, each key and each team stand side by side: nobody's take longer for there being others.
        "ALTER TABLE rollup RENAME TO rollup_by_key",
        """
        CREATE TABLE rollup (
            account TEXT NOT NULL,
            slot_ms BIGINT NOT NULL,
            route TEXT NOT NULL,
            reason TEXT NOT NULL,
            outcome TEXT NOT NULL,
            baseline_model TEXT NOT NULL,
            requests BIGINT NOT NULL,
            answered BIGINT NOT NULL,
            covered BIGINT NOT NULL,
            prompt_tokens BIGINT NOT NULL,
            completion_tokens BIGINT NOT NULL,
            cached_tokens BIGINT NOT NULL,
            cost_nusd BIGINT NOT NULL,
            baseline_nusd BIGINT NOT NULL,
            first_token_us BIGINT NOT NULL,
            first_tokens BIGINT NOT NULL,
            deciding_nusd BIGINT NOT NULL,
            spent_nusd BIGINT NOT NULL,
            PRIMARY KEY (account, slot_ms, route, reason, outcome, baseline_model)
        )
        """,
        """
        INSERT INTO rollup
        SELECT
            'all', slot_ms, route, reason, outcome, baseline_model,
            sum(requests), sum(answered), sum(covered), sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens),
            sum(cost_nusd), sum(baseline_nusd), sum(first_token_us), sum(first_tokens),
            sum(deciding_nusd), sum(spent_nusd)
        FROM rollup_by_key GROUP BY slot_ms, route, reason, outcome, baseline_model
        """,
        """
        INSERT INTO rollup
        SELECT
            'key:' || key_id, slot_ms, route, reason, outcome, baseline_model,
            requests, answered, covered, prompt_tokens, completion_tokens, cached_tokens,
            cost_nusd, baseline_nusd, first_token_us, first_tokens, deciding_nusd, spent_nusd
        FROM rollup_by_key WHERE key_id <> ''
        """,
        "DROP TABLE rollup_by_key",
        """
        CREATE TABLE account_sums (
            account TEXT NOT NULL,
            slot_ms BIGINT NOT NULL,
            requests BIGINT NOT NULL,
            local_answers BIGINT NOT NULL,
            cloud_answers BIGINT NOT NULL,
            errors BIGINT NOT NULL,
            prompt_tokens BIGINT NOT NULL,
            completion_tokens BIGINT NOT NULL,
            cached_tokens BIGINT NOT NULL,
            spent_nusd BIGINT NOT NULL,
            cost_nusd BIGINT NOT NULL,
            baseline_nusd BIGINT NOT NULL,
            deciding_nusd BIGINT NOT NULL,
            cloud_nusd BIGINT NOT NULL,
            PRIMARY KEY (account, slot_ms)
        )
        """,
        """
        INSERT INTO account_sums
        SELECT
            account, slot_ms, sum(requests),
            sum(CASE WHEN route = 'local' THEN answered ELSE 0 END),
            sum(CASE WHEN route = 'cloud' THEN answered ELSE 0 END),
            sum(CASE WHEN outcome IN ('failed', 'interrupted', 'lost') THEN requests ELSE 0 END),
            sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens),
            sum(spent_nusd), sum(cost_nusd), sum(baseline_nusd), sum(deciding_nusd),
            sum(CASE WHEN route = 'cloud' THEN spent_nusd ELSE 0 END)
        FROM rollup GROUP BY account, slot_ms
        """,
        """
        CREATE TABLE budget_holds (
            holder TEXT NOT NULL,
            account TEXT NOT NULL,
            held_nusd BIGINT NOT NULL,
            expires_ms BIGINT NOT NULL,
            PRIMARY KEY (account, holder)
        )
        """,
        """
        CREATE TABLE budget_warnings (
            account TEXT NOT NULL,
            period TEXT NOT NULL,
            begins_ms BIGINT NOT NULL,
            percent INTEGER NOT NULL,
            PRIMARY KEY (account, period, begins_ms, percent)
        )
        """,
        """
        CREATE TABLE api_keys (
            id TEXT PRIMARY KEY,
            created_ms BIGINT NOT NULL,
            name TEXT NOT NULL,
            owner TEXT NOT NULL,
            team TEXT NOT NULL,
            tags TEXT NOT NULL,
            role TEXT NOT NULL,
            sees TEXT NOT NULL,
            terms TEXT NOT NULL,
            expires_ms BIGINT,
            revoked_ms BIGINT
        )
        """,
        """
        CREATE TABLE api_key_secrets (
            hash TEXT PRIMARY KEY,
            key_id TEXT NOT NULL,
            prefix TEXT NOT NULL,
            created_ms BIGINT NOT NULL,
            expires_ms BIGINT
        )
        """,
        "CREATE INDEX api_key_secrets_key ON api_key_secrets (key_id)",
        "CREATE TABLE access_version (id INTEGER PRIMARY KEY, version BIGINT NOT NULL)",
        "INSERT INTO access_version (id, version) VALUES (1, 0)",
        """
        CREATE TABLE login_sessions (
            hash TEXT PRIMARY KEY,
            key_id TEXT NOT NULL,
            identity TEXT NOT NULL,
            created_ms BIGINT NOT NULL,
            seen_ms BIGINT NOT NULL,
            expires_ms BIGINT NOT NULL,
            address TEXT NOT NULL,
            agent TEXT NOT NULL
        )
        """,
        "CREATE TABLE login_states (hash TEXT PRIMARY KEY, expires_ms BIGINT NOT NULL)",
        "CREATE TABLE private_sessions (id TEXT PRIMARY KEY, seen_ms BIGINT NOT NULL, why TEXT NOT NULL)",
        """
        CREATE TABLE audit (
            seq BIGINT PRIMARY KEY,
            made_ms BIGINT NOT NULL,
            kind TEXT NOT NULL,
            request_id TEXT,
            body TEXT NOT NULL,
            hash TEXT NOT NULL
        )
        """,
        "CREATE INDEX audit_request ON audit (request_id)",
        "CREATE TABLE audit_head (id INTEGER PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL)",
        f"INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '{FIRST_HASH}')",
    ),
    (
        """
        CREATE TABLE shared_files (
            name TEXT PRIMARY KEY,
            version BIGINT NOT NULL,
            changed_ms BIGINT NOT NULL,
            content BYTEA NOT NULL
        )
        """,
        "CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_ms BIGINT NOT NULL)",
        """
        CREATE TABLE gateways (
            id TEXT PRIMARY KEY,
            host TEXT NOT NULL,
            pid BIGINT NOT NULL,
            version TEXT NOT NULL,
            started_ms BIGINT NOT NULL,
            seen_ms BIGINT NOT NULL,
            secrets TEXT NOT NULL
        )
        """,
    ),
    ("ALTER TABLE requests ADD COLUMN abandoned_nusd BIGINT NOT NULL DEFAULT 0",),
)


FIRST_ADDITIVE = 13


def migrate(connection: Connection) -> None:
    """Bring the database to the newest version, inside the caller's transaction.

    On PostgreSQL gateways that start together wait for the first one. A database of a newer version stays as it is.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.execute(text("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)"))
    version = connection.execute(text("SELECT max(version) FROM schema_version")).scalar() or 0
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(text("INSERT INTO schema_version (version) VALUES (:version)"), {"version": number})
