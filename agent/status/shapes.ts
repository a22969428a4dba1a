/** The shapes of what is answered. OpenAPI is rendered from them; a test holds real answers against them. */
import * as z from "zod";
import { releaseAnswers } from "../store/index.ts";
import { healthShape } from "./health.ts";
import { problemShape } from "./problem.ts";
import { reasonCodes } from "./verdict.ts";

/** In one request; no more fit into it. */
export const mostReleases = 20_000;

/** Each has its name in the OpenAPI document. */
export type Shapes = ReturnType<typeof made>;

let kept: Shapes | null = null;

/** Made when somebody asks for the first time: an agent answers without them, and they are as large as all its routes. */
export function shapes(): Shapes {
  kept ??= made();
  return kept;
}

function made() {
  const time = z.string().describe("RFC 3339, UTC.");
  const maybeTime = time.nullable();
  const words = z.array(z.string()).readonly();
  const count = z.number().describe("A count.");
  const digest = z.string().describe("sha256:HEX");
  const cursor = z.string().describe("EPOCH-SEQ: a place in the stream of events.");
  const shape = <Fields extends z.core.$ZodShape>(fields: Fields) => z.object(fields).readonly();
  const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

  const place = shape({
    file: z.string(),
    line: z.number().describe("From 1."),
    column: z.number().describe("From 1."),
    through: words.describe("The files that sourced this one, outermost first."),
  });

  const waived = shape({ exception: z.string(), reason: z.string(), until: z.string() });

  const finding = shape({
    fingerprint: z.string().describe("16 hex digits: the same as long as policy, rule, account, mode and subject are."),
    status: z.enum(["fail", "unknown"]),
    severity: z.string().describe("critical, high, medium, low or info."),
    consequence: z.string().describe("What an engine would suffer: hang, silent-success, failed-command, ..."),
    policy: z.string(),
    rule: z.string(),
    check: z.string(),
    account: z.string(),
    mode: z.string().describe("The way of coming in; - for what is about the account or the host."),
    subject: z.string(),
    message: z.string(),
    where: place.nullable(),
    evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).readonly(),
    change: z.string(),
    gaps: listOf(shape({ code: z.string(), message: z.string(), change: z.string() })).optional(),
    line: z.string().nullable().describe("The guilty line's text."),
    waived: waived.optional(),
    flapping: z.literal(true).optional(),
    was: z.literal("fail").optional().describe("What it was before a gap left it undecided."),
    openedAt: time,
    since: time,
    masked: words.describe("Fields that hold less than what is known, as the Grant says."),
  }).describe("A rule that failed or could not be decided for one account, mode and subject.");

  const run = shape({
    account: z.string(),
    startedAt: time,
    seconds: z.number(),
    via: z.string().describe("How it came to be: watch, sweep, schedule, request, start, documents."),
    modes: listOf(shape({ mode: z.string(), ended: z.string().nullable(), gaps: words })),
    pass: count,
    fail: count,
    unknown: count,
    program: z.string(),
    documents: digest,
    rules: z.record(z.string(), z.string()).readonly(),
  });

  const event = shape({
    specversion: z.literal("1.0"),
    id: z.string().describe("EPOCH-SEQ; with source it is one event, however often it comes."),
    source: z.string().describe("rcwarden://HOSTID/INSTANCE"),
    type: z.string().describe("dev.rcwarden.finding.opened and so on."),
    subject: z.string(),
    time,
    datacontenttype: z.literal("application/json"),
    dataschema: z.string(),
    data: z.unknown().meta({ type: "object", description: "As dataschema says." }),
  }).describe("CloudEvents 1.0, JSON.");

  const watched = shape({
    name: z.string(),
    uid: z.number(),
    shell: z.string(),
    because: z.string().describe("Why it is watched, one clause."),
    state: z.enum([
      "waiting",
      "measuring",
      "measured",
      "not-granted",
      "quiet",
      "suspended",
      "unavailable",
      "elsewhere",
    ]),
    says: z.string(),
    measuredAt: maybeTime,
    confirmedAt: maybeTime,
    pending: z.boolean(),
    pass: count,
    fail: count,
    unknown: count,
  });

  const said = shape({ code: z.string(), message: z.string() });

  const watching = shape({
    paths: count,
    absent: count,
    byEvents: count,
    degraded: listOf(said),
    blind: z.boolean(),
    lastSweep: maybeTime,
    lastFullRun: maybeTime,
    latencyMs: z.number().nullable(),
    watches: count,
    watchLimit: z.number().nullable(),
  });

  const sink = shape({
    name: z.string(),
    kind: z.string(),
    to: z.string(),
    waiting: count,
    bytes: count,
    deadLetters: count,
    lastTaken: maybeTime,
    state: z.enum(["idle", "sending", "waiting", "stopped"]),
    problem: said.nullable(),
    nextTry: maybeTime,
    sentBy: z.string().optional(),
    note: z.string().optional().describe("What of the releases in the engine's last answer was not taken."),
  });

  const status = shape({
    apiVersion: z.literal("rcwarden/v1"),
    kind: z.literal("Status"),
    time,
    rcwarden: z.string().describe("The program's version."),
    host: shape({ id: z.string(), name: z.string() }),
    instance: z.string(),
    pid: z.number(),
    startedAt: time,
    ready: z.boolean(),
    accounts: listOf(watched).describe("Those that the caller may see."),
    watching,
    documents: shape({
      loadedAt: time,
      inForce: listOf(shape({ kind: z.string(), name: z.string(), file: z.string(), digest })),
      problems: words.describe("Of the last reload; shown to the owner and group rcwarden."),
      grant: z.enum(["none", "grant", "broken"]),
    }),
    sinks: listOf(sink).describe("Shown to the owner and group rcwarden."),
    store: shape({
      epoch: z.string(),
      head: cursor,
      events: count,
      bytes: count,
      lost: count,
      problem: said.nullable(),
      notices: words.describe("Shown to the owner and group rcwarden."),
    }),
    resources: shape({
      rssBytes: z.number(),
      memoryLimitBytes: z.number(),
      cpuPercent: z.number(),
      over: words,
    }),
  });

  const span = shape({
    from: time,
    to: time,
    state: z.enum(["holds", "fails", "unknown", "unseen"]).describe("unseen: nobody looked."),
  });
  const way = shape({
    mode: z.string(),
    isEngines: z.boolean().describe("An engine of the account's policies comes in by it."),
    state: z.enum(["holds", "fails", "unknown", "waived", "none"]).describe("none: it does not apply."),
    word: z.string().describe("waits, not done, exits 1, noisy, unknown, fails; empty where it holds."),
    finding: z.string().nullable().describe("The fingerprint of the worst finding there."),
  });
  const lead = shape({
    fingerprint: z.string(),
    chain: listOf(shape({ what: z.string(), does: z.string() })).describe("From sshd to the line."),
    lines: listOf(shape({ number: z.number(), text: z.string(), isGuilty: z.boolean(), note: z.string() }))
      .nullable()
      .describe("The guilty line and those around it; null where the caller may not see them."),
    says: z.string().describe("Why there is no line; empty where there is one."),
    sent: z.string().nullable(),
    runs: z.string().nullable(),
    waitsAt: z.string().nullable(),
    hint: shape({
      savedAt: maybeTime,
      seenAfterMs: z.number().nullable(),
      ownerUid: z.number().nullable(),
      loggedIn: words.nullable(),
    })
      .nullable()
      .describe("Who may have changed it."),
  }).describe("The finding that leads, with its line.");
  const day = shape({
    from: time,
    to: time,
    accounts: listOf(shape({ account: z.string(), spans: listOf(span) })),
    stuck: listOf(shape({ at: time, count })),
    saves: listOf(shape({ account: z.string(), path: z.string(), at: time })),
    logins: listOf(shape({ user: z.string(), from: time, to: maybeTime }))
      .nullable()
      .describe("Who had a terminal; null where that may not be seen, or is not known."),
  }).describe("The last 24 hours.");
  const sessions = shape({
    at: time,
    groups: listOf(
      shape({
        account: z.string(),
        command: z.string(),
        waitsFor: z.enum(["input", "time", "lock", "fifo", "network", "child", "stopped", "cpu", "other", "unknown"]),
        says: z.string(),
        isStuck: z.boolean().describe("It does not end by itself."),
        from: words.describe("Remote addresses."),
        count,
        oldestSeconds: z.number(),
        startedAt: listOf(time).describe("The oldest first, at most 200."),
        pids: listOf(z.number()).describe("At most 1,000."),
        prompt: z.string().nullable().describe("What the same command shows in the sandbox where it waits."),
      }),
    ),
    problem: z.string().describe("Why sessions could not be read, or not all; empty where they could."),
  }).describe("SSH sessions and what they wait for.");

  const preflight = shape({
    apiVersion: z.literal("rcwarden/v1"),
    kind: z.literal("Preflight"),
    account: z.string(),
    verdict: z.enum(["go", "no-go", "unknown"]),
    because: listOf(finding).describe("What fails, where it is no-go; what is undecided, where it is unknown."),
    waived: listOf(finding).describe("What an Exception waives: it does not block."),
    undecided: listOf(
      shape({
        policy: z.string(),
        rule: z.string(),
        check: z.string(),
        mode: z.string(),
        subject: z.string(),
        severity: z.string(),
      }),
    ),
    reasons: listOf(shape({ code: z.enum(reasonCodes), message: z.string() })).describe("Why it is not known."),
    measuredAt: maybeTime.describe("The last run."),
    confirmedAt: maybeTime.describe("The last sweep or run that found everything unchanged since."),
    validUntil: maybeTime.describe("Afterwards the verdict is no longer one: ask again."),
    engines: words.describe("The engines that it is about."),
  }).describe("Whether an engine may send its commands to this account now.");

  const baselineItem = shape({
    kind: z.enum(["file", "alias", "function", "option", "variable", "trap", "shell"]),
    name: z.string(),
    mode: z.string(),
    digest: z.string(),
    where: z.string().nullable().describe("FILE:LINE"),
  });
  const accepted = shape({ account: z.string(), acceptedAt: time, reason: z.string(), items: listOf(baselineItem) });
  const baseline = shape({
    account: z.string(),
    baseline: accepted.nullable().describe("What was accepted; null where nothing was."),
    changes: listOf(shape({ change: z.enum(["added", "removed", "changed"]), item: baselineItem })),
    now: listOf(baselineItem),
  });

  const sum = { files: count, bytes: z.number().describe("Bytes.") };
  const backlog = shape({
    retention: z.string(),
    account: z.string(),
    root: z.string(),
    at: time,
    ...sum,
    oldestSeconds: z.number().nullable().describe("Since the oldest was last changed."),
    waiting: shape({
      ...sum,
      oldestSeconds: z.number().nullable(),
      mayGo: count.describe("Of these what would go, were it applied now."),
    }).describe("What neither its age nor its being one of the newest keeps, nor is a database's."),
    growthBytesPerHour: z.number().nullable().describe("Below zero where it shrinks; null while it is not known."),
    freeBytes: z.number().describe("Of the file system, for who may not be root."),
    totalBytes: z.number(),
    fullInSeconds: z.number().nullable().describe("Until the file system is full at this growth."),
    nothingReclaimedHours: z.number().describe("In which nothing went though something waited."),
    stays: listOf(shape({ code: z.string(), ...sum })).describe("Why files that match stay, most bytes first."),
  }).describe("What matches the Retention and lies there, as the last look saw it.");
  const cleanup = shape({
    retention: z.string(),
    account: z.string(),
    root: z.string(),
    apply: z.enum(["by-hand", "automatically"]).describe("What the Retention says."),
    granted: z.enum(["automatically", "by-hand", "plan-only"]).describe("What the Grant lets happen here."),
    state: z.enum(["waiting", "looking", "applying", "stuck"]),
    plan: shape({
      hash: z.string().describe("sha256 in hex; its first 12 digits name it, too."),
      at: time,
      expiresAt: time,
      ...sum,
      stays: listOf(shape({ code: z.string(), ...sum })).describe("What stays, by reason."),
    })
      .nullable()
      .describe("What would go as it was seen last; null before the first."),
    run: shape({
      run: z.string(),
      at: time,
      because: z.string().describe("by-hand, schedule, release or pressure."),
      outcomes: listOf(shape({ outcome: z.string(), code: z.string().nullable(), ...sum })),
    })
      .nullable()
      .describe("The last application that removed or tried to; null before the first."),
    backlog: backlog.nullable(),
    releases: z
      .partialRecord(z.enum(releaseAnswers), count)
      .readonly()
      .describe("Those that are kept, by their answer."),
    problem: z.string().describe("Why there is no plan, or why nothing goes; empty where all is well."),
  }).describe("A Retention and how its clean-up stands.");

  const picture = {
    validUntil: maybeTime.describe("Afterwards none of it is known."),
    findings: listOf(
      finding
        .unwrap()
        .extend({ past: listOf(span) })
        .readonly(),
    ).describe("The one that leads first."),
    ways: listOf(shape({ account: z.string(), shell: z.string(), ways: listOf(way) })),
    lead: lead.nullable(),
    day,
    sessions,
    cleanup: listOf(cleanup),
    unmeasured: listOf(
      shape({ account: z.string(), mode: z.string(), code: z.string(), message: z.string(), change: z.string() }),
    ),
  };

  const pages = <Item extends z.ZodType>(item: Item) =>
    shape({
      items: listOf(item),
      next: z.string().nullable().describe("Ask after it for more; null where this is all."),
    });

  return {
    Problem: problemShape,
    Health: healthShape,
    OpenApi: z.looseObject({ openapi: z.string() }).readonly(),
    Finding: finding,
    Findings: pages(finding),
    Run: run,
    Runs: pages(run),
    Event: event,
    Events: shape({
      items: listOf(event),
      next: cursor.describe("What to ask after the next time: the same as through."),
      through: cursor.describe("The last place that was looked at: what is between was not for the caller."),
    }),
    Status: status.unwrap().extend(picture).readonly(),
    Sessions: sessions,
    Metrics: z.string().describe("The text format of Prometheus."),
    Preflight: preflight,
    Baseline: baseline,
    Accepted: accepted,
    Reloaded: shape({ taken: z.boolean(), problems: words.describe("Why the old documents stay; empty where taken.") }),
    Queued: shape({ queued: words.describe("Names of the accounts that will be measured.") }),
    CleanupRow: cleanup,
    Cleanup: shape({
      apiVersion: z.literal("rcwarden/v1"),
      kind: z.literal("Cleanup"),
      time,
      retentions: listOf(cleanup).describe("Those that the caller may see."),
      journal: shape({
        folder: z.string().describe("Where it lies on the host."),
        head: shape({ seq: z.number(), hash: z.string() }).describe("Kept elsewhere, it shows a journal that was cut."),
        openIntents: count,
        bytes: count,
        notices: words,
      })
        .nullable()
        .describe("Shown to the owner and group rcwarden."),
    }),
    Releases: pages(
      shape({
        retention: z.string(),
        account: z.string().describe("Whose files these are."),
        by: shape({ kind: z.enum(["engine", "account"]), name: z.string() }).describe("Who released it."),
        path: z.string().optional(),
        pathHex: z.string().optional().describe("Instead of path, where it is no UTF-8."),
        size: z.string().describe("Bytes, in decimal digits."),
        sha256: z.string().optional(),
        mtime: z.string().optional().describe("Seconds since 1970; known as exactly as precision says."),
        precision: z.string().optional(),
        receivedAt: time,
        expiresAt: time,
      }),
    ),
    Released: shape({
      answers: listOf(
        shape({
          answer: z.enum(releaseAnswers),
          message: z.string().describe("Why, where the word does not say it."),
        }),
      ).describe("One a release, in their order."),
    }),
    Sent: shape({
      items: listOf(
        shape({ sink: z.string(), at: time, body: z.string().describe("Base64: byte for byte what left.") }),
      ),
      next: z.null(),
    }),
  } as const;
}

/** What /v1/status answers. */
export type StatusAnswer = z.output<Shapes["Status"]>;
/** What /v1/accounts/NAME answers. */
export type PreflightAnswer = z.output<Shapes["Preflight"]>;
