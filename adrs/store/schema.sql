-- The log of one run. Rows are only ever added; a row is written before what it says has an effect.
-- Readers: `event` is what happened, in order; the other tables hold what the events are about.

CREATE TABLE run (
    name TEXT NOT NULL,
    problem TEXT NOT NULL,            -- name of the problem
    problem_digest TEXT NOT NULL,     -- of its snapshot in `file`
    seed INTEGER NOT NULL,
    created REAL NOT NULL,            -- seconds since 1970
    adrs_version TEXT NOT NULL,
    configuration TEXT NOT NULL       -- JSON; what later sessions changed of it stands in their events `started`
);

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    ticket INTEGER,                   -- NULL for events of the run as a whole
    kind TEXT NOT NULL,               -- started, baseline, asked, proposed, screened, evaluated, told, chosen, stopped,
                                      -- routed where a program chooses among models, distilled what became of a winner,
                                      -- and from people: note, hint, steered
    time REAL NOT NULL,
    payload TEXT                      -- JSON, NULL where the other tables say it all
);
CREATE INDEX event_by_ticket ON event (ticket, kind);
CREATE INDEX event_evaluated ON event (id) WHERE kind = 'evaluated' AND ticket IS NOT NULL;

CREATE TABLE program (
    id INTEGER PRIMARY KEY,           -- number in the run, from 1 in the order of asking
    ticket INTEGER NOT NULL UNIQUE,   -- below 0 for one that no search asked for: distilled from another program
    digest TEXT NOT NULL,             -- of the normalised source; empty if it has none
    source TEXT NOT NULL,             -- digest in `source`
    island INTEGER NOT NULL,
    proposer TEXT NOT NULL,
    operator TEXT NOT NULL,
    model TEXT NOT NULL,
    rationale TEXT NOT NULL,
    detail TEXT NOT NULL,             -- JSON, the proposer's own
    failure TEXT NOT NULL             -- why there is no source
);
CREATE INDEX program_by_digest ON program (digest, id);

CREATE TABLE source (                -- not in an index alone, where a text over 1 kB would take two pages
    digest TEXT PRIMARY KEY,          -- of the exact text
    text BLOB NOT NULL                -- zlib
);

CREATE TABLE parentage (
    child INTEGER NOT NULL,
    parent INTEGER NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (child, parent, role)
) WITHOUT ROWID;
CREATE INDEX parentage_by_parent ON parentage (parent, role, child);

CREATE TABLE evaluation (
    id INTEGER PRIMARY KEY,
    program INTEGER NOT NULL,
    split TEXT NOT NULL,
    stage TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    score REAL,
    fitness REAL,
    metrics TEXT NOT NULL,            -- JSON
    output TEXT NOT NULL,
    duplicate_of INTEGER,             -- the program whose evaluation this copies; it cost nothing
    wall_seconds REAL NOT NULL,
    cpu_seconds REAL NOT NULL,
    peak_memory_mb REAL NOT NULL,
    sandbox TEXT NOT NULL,
    event INTEGER NOT NULL            -- the one that says it: its time and, but for choosing a winner, its ticket
);
CREATE INDEX evaluation_by_program ON evaluation (program, split);
CREATE INDEX evaluation_by_fitness ON evaluation (split, fitness);
CREATE INDEX evaluation_by_verdict ON evaluation (split, verdict);
CREATE INDEX evaluation_with_fitness ON evaluation (id, fitness, program) WHERE split = 'train' AND fitness IS NOT NULL;

CREATE TABLE workload_result (
    evaluation INTEGER NOT NULL,
    workload TEXT NOT NULL,
    verdict TEXT NOT NULL,
    score REAL,
    metrics TEXT NOT NULL,            -- JSON
    feedback TEXT NOT NULL,
    PRIMARY KEY (evaluation, workload)
) WITHOUT ROWID;

CREATE TABLE model_call (
    id INTEGER PRIMARY KEY,
    ticket INTEGER NOT NULL,
    model TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    answer BLOB NOT NULL,             -- zlib; empty where there is none
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    usd REAL NOT NULL,
    seconds REAL NOT NULL,
    error TEXT NOT NULL,
    time REAL NOT NULL
);
CREATE INDEX model_call_by_ticket ON model_call (ticket);

CREATE TABLE request (               -- what models were asked
    digest TEXT PRIMARY KEY,          -- `request_digest` of the calls
    base TEXT NOT NULL,               -- digest of the request whose text is the compression's dictionary, or empty
    messages BLOB NOT NULL            -- zlib, JSON: pairs of role and content
);

CREATE TABLE file (
    name TEXT PRIMARY KEY,            -- path within the problem's folder
    digest TEXT NOT NULL,
    content BLOB NOT NULL             -- zlib
) WITHOUT ROWID;
