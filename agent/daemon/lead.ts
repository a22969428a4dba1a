/** The finding that leads, and what leads to its line: from a run's facts, in plain words. Pure. */

import { programOf, severities } from "../checks/index.ts";
import type { Drift, Hint } from "../drift/index.ts";
import { type Account, type ModeFacts, type ModeId, modeIds, modeOf, type Share } from "../facts/index.ts";
import type { WantedLines } from "../probe/reader.ts";
import { personalityOf } from "../shells/index.ts";
import type { Lead } from "../status/index.ts";
import { type KeptFinding, type MaskedFinding, redacted, type Store } from "../store/index.ts";

type Node = Lead["chain"][number];
type Line = NonNullable<Lead["lines"]>[number];

/** What a run leaves of the finding that leads among an account's. */
export interface LeadGround {
  readonly fingerprint: string;
  readonly chain: readonly Node[];
  /** What the shell makes of the command; null where that is not known. */
  readonly runs: string | null;
  /** The guilty line and those around it, redacted; null where they could not be had. */
  readonly lines: readonly Line[] | null;
  /** Why there are none; "" where there are. */
  readonly says: string;
  /** Of which file and which lines of it; "" where there are none. */
  readonly key: string;
}

export type Hinted = NonNullable<Lead["hint"]>;

const longestLine = 400;
const around = 2;
const aboutNoLine = "it is about no line";
export const keptHere = "the Grant keeps its text on this host";

/** Fails before unknown, then severity, then an engine's own way in, then the oldest; what is waived comes last. */
export function inOrder<Of extends KeptFinding>(findings: readonly Of[]): Of[] {
  const rank = ({ waived, status, severity, mode, where }: Of) => [
    Number(waived !== undefined),
    Number(status !== "fail"),
    severities.indexOf(severity),
    Number(mode === "-"),
    // Of those that came at once, one whose line is known says more.
    Number(where === null),
  ];
  const keyed = findings.map((finding) => ({ finding, rank: rank(finding) }));
  const [beforeAge, afterAge] = [4, 5];
  const compared = (a: readonly number[], b: readonly number[], from: number, to: number) => {
    for (let at = from; at < to; at++) if (a[at] !== b[at]) return (a[at] ?? 0) - (b[at] ?? 0);
    return 0;
  };
  const text = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  keyed.sort(
    (a, b) =>
      compared(a.rank, b.rank, 0, beforeAge) ||
      text(a.finding.openedAt, b.finding.openedAt) ||
      compared(a.rank, b.rank, beforeAge, afterAge) ||
      text(a.finding.account, b.finding.account) ||
      text(a.finding.subject, b.finding.subject) ||
      text(a.finding.fingerprint, b.finding.fingerprint),
  );
  return keyed.map(({ finding }) => finding);
}

/** From whoever starts the shell to the line, outermost first. `facts` of the finding's mode; null where there are none. */
export function chainOf(finding: KeptFinding, account: Account, facts: ModeFacts | null): Node[] {
  const mode = modeIds.find((id) => id === finding.mode);
  if (mode === undefined) return [];
  const { where } = finding;
  const path = (file: string) => atHome(file, account.home);
  const first = where === null ? null : (where.through[0] ?? where.file);
  const read = (facts?.startupFiles ?? []).filter(({ state, through }) => state === "read" && through.length === 0);
  const end = read.findIndex((file) => file.path === first);
  const before =
    end === -1 ? (where === null ? read : read.filter((file) => isOfSystem(file.path))) : read.slice(0, end);
  return [
    { what: modeOf(mode).by, does: "takes the command" },
    { what: shellWords(account, mode), does: "reads files first" },
    ...before.filter((file) => file.path !== first).map((file) => ({ what: path(file.path), does: "is read before" })),
    ...(where?.through ?? []).map((file) => ({ what: path(file), does: "reads the next one" })),
    ...(where === null ? [] : [{ what: `${path(where.file)}:${where.line}`, does: doesOf(finding) }]),
  ];
}

function isOfSystem(path: string): boolean {
  return path.startsWith("/etc/");
}

export function atHome(path: string, home: string): string {
  return home !== "/" && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** `/bin/tcsh -c`; a login shell by the name that it gets: `-tcsh`. */
function shellWords({ shell }: Account, mode: ModeId): string {
  if (mode === "cron") return "/bin/sh -c";
  const start = personalityOf({ path: shell, resolved: shell })?.starts[mode];
  const words = (start?.words ?? ["-c"]).filter((word) => word !== "COMMAND");
  const name = start?.argv0 === "-name" ? `-${shell.slice(shell.lastIndexOf("/") + 1)}` : shell;
  return [name, ...words].join(" ");
}

const endings: Readonly<Record<string, string>> = {
  hang: "waits before the command",
  exited: "ends the shell before the command",
  exec: "takes the shell's place",
  stopped: "stops the shell",
  "timed-out": "takes longer than there is time",
};
const words: Readonly<Record<string, string>> = {
  "working-directory": "leaves the home",
  trap: "sets a trap",
  "login-shell": "decides the shell",
};

/** What the line does, in a few words. */
function doesOf({ check, subject, evidence }: KeptFinding): string {
  if (typeof evidence.held === "string") return "leaves a job behind";
  if (evidence.lost === true) return `redirects ${subject}`;
  if (check === "startup-output") return `writes to ${subject}`;
  if (check === "startup-finishes") return endings[String(evidence.ended)] ?? "decides how startup ends";
  if (check === "engine-commands") {
    const program = programOf(subject)?.program;
    return program === undefined ? "decides what becomes of it" : `decides what ${program} is`;
  }
  if (["command-resolves", "alias", "function"].includes(check)) return `decides what ${subject} is`;
  return words[check] ?? "decides it";
}

/** What the shell makes of the command that is sent, where one alias alone says it; null where it cannot be told. */
export function runsOf(finding: KeptFinding, facts: ModeFacts | null): string | null {
  const { sent } = finding.evidence;
  const program = typeof sent === "string" ? programOf(sent) : null;
  if (typeof sent !== "string" || program === null || facts === null) return null;
  const bites = facts.aliases.filter(({ effective }) => effective);
  const alias = bites.find(({ name }) => name === program.program);
  // Behind a backslash, `command` or `env` no alias bites.
  if (alias === undefined || !sent.startsWith(program.program)) return null;
  const rest = sent.slice(program.program.length).trimStart();
  const isCsh = facts.shell.personality === "tcsh";
  const made =
    isCsh && alias.value.includes("!") ? withArguments(alias.value, rest) : `${alias.value} ${rest}`.trimEnd();
  const first = alias.value.trimStart().split(/\s/)[0];
  // Which may be an alias again: then it is not this that runs.
  const again = first !== program.program && bites.some(({ name }) => name === first);
  return made === null || again ? null : redacted(made).slice(0, longestLine);
}

/** csh puts the words of the line where the alias says: `\!*`, which its list of aliases may show without the backslash. */
function withArguments(value: string, rest: string): string | null {
  const pieces = value.split(/\\?!\*/);
  return pieces.length < 2 || pieces.some((piece) => piece.includes("!")) ? null : pieces.join(rest);
}

/** The lines to show: the guilty one, two before and two after, and the one that the remedy names; null where none is known. */
export function linesWanted({ where, change }: KeptFinding, facts: ModeFacts | null): WantedLines | null {
  const file = facts?.startupFiles.find(({ path }) => path === where?.file);
  if (where === null || file?.digest === undefined) return null;
  const near = Array.from({ length: 2 * around + 1 }, (_, at) => where.line - around + at);
  const named = remedyLine(change);
  const numbers = [...new Set([...near, ...(named === null ? [] : [named])])].filter((line) => line >= 1);
  return { path: where.file, digest: file.digest, numbers: numbers.sort((a, b) => a - b) };
}

export function keyOfLines({ path, digest, numbers }: WantedLines): string {
  return `${digest} ${numbers.join(" ")} ${path}`;
}

/** The guard's line in what startup/advice.ts says; what is quoted before it is the host's. */
function remedyLine(change: string): number | null {
  const said = /^move line \d+ below line (\d{1,7})\b/.exec(change) ?? / of line (\d{1,7}), or delete it$/.exec(change);
  return said === null ? null : Number(said[1]);
}

function shownLines({ where, change }: KeptFinding, texts: ReadonlyMap<number, string>): Line[] {
  const named = remedyLine(change);
  return [...texts].map(([number, text]) => ({
    number,
    text: redacted(text).slice(0, longestLine),
    isGuilty: number === where?.line,
    note: number === named && number !== where?.line ? "below: only for people" : "",
  }));
}

export interface Leading {
  readonly finding: KeptFinding;
  readonly account: Account;
  readonly facts: ModeFacts | null;
  /** What was to be read, and what came of it; `before` holds it where it was read before. */
  readonly wanted: WantedLines | null;
  readonly texts: ReadonlyMap<number, string> | null;
  readonly before: LeadGround | null;
}

export function groundOf({ finding, account, facts, wanted, texts, before }: Leading): LeadGround {
  const { fingerprint, where, line } = finding;
  const key = wanted === null ? "" : keyOfLines(wanted);
  const common = { fingerprint, chain: chainOf(finding, account, facts), runs: runsOf(finding, facts) };
  if (texts !== null) return { ...common, lines: shownLines(finding, texts), says: "", key };
  if (key !== "" && before?.key === key && before.lines !== null)
    return { ...common, lines: before.lines, says: "", key };
  if (where === null && finding.mode === "-") return { ...common, lines: null, says: aboutNoLine, key: "" };
  if (where === null) return { ...common, lines: null, says: "which line does it is not known", key: "" };
  if (line === null)
    return { ...common, lines: null, says: "its text could not be read when it was measured", key: "" };
  return { ...common, lines: [{ number: where.line, text: line, isGuilty: true, note: "" }], says: "", key: "" };
}

/** Who may have changed the file of each finding: of those that the host turned now, by what was seen now; of others, as it was. */
export function hintsOf(
  before: ReadonlyMap<string, Hinted | null>,
  { put, remove, turned, events }: Drift,
  found: ReadonlyMap<string, Hint | null>,
  saves: ReadonlyMap<string, number>,
): ReadonlyMap<string, Hinted | null> {
  const known = new Map(before);
  for (const fingerprint of remove) known.delete(fingerprint);
  const byHost = events
    .filter(({ data }) => "because" in data && data.because === "host")
    .map(({ subject }) => subject);
  for (const { finding } of put) {
    const { fingerprint, where } = finding;
    const hint = where === null ? null : (found.get(where.file) ?? null);
    if (hint !== null && turned.includes(fingerprint) && byHost.includes(fingerprint))
      known.set(fingerprint, hinted(hint, saves.get(hint.file)));
  }
  return known;
}

/** `seenMs`: when the watcher saw it; undefined where it was found otherwise. */
function hinted({ modified, ownerUid, sessions }: Hint, seenMs: number | undefined): Hinted {
  const afterMs = seenMs === undefined ? null : seenMs - Date.parse(modified);
  // Anybody may set a file's time, also into the future.
  return {
    savedAt: modified,
    seenAfterMs: afterMs === null || afterMs < 0 ? null : afterMs,
    ownerUid,
    loggedIn: sessions,
  };
}

/** As the stream has it, where this process was not there. */
export function hintKept(store: Store, fingerprint: string): Hinted | null {
  for (const { data } of store.eventsAbout(fingerprint, 20)) {
    if (!("hint" in data) || !("detectedAt" in data)) continue;
    const { hint } = data;
    if (isHint(hint)) return hinted(hint, undefined);
  }
  return null;
}

function isHint(value: unknown): value is Hint {
  return (
    typeof value === "object" && value !== null && "modified" in value && "ownerUid" in value && "sessions" in value
  );
}

/** Of what no run of this process prepared: from the finding itself. */
export function groundAlone(finding: KeptFinding, account: Account | null): LeadGround {
  if (account !== null) return groundOf({ finding, account, facts: null, wanted: null, texts: null, before: null });
  const says = finding.mode === "-" ? aboutNoLine : "the account cannot be looked up now";
  return { fingerprint: finding.fingerprint, chain: [], runs: null, lines: null, says, key: "" };
}

/** As it may be seen. `masked` is the same finding, masked for who asks. */
export function leadOf(
  { fingerprint, where }: KeptFinding,
  { evidence }: MaskedFinding,
  { ground, hint, share }: { readonly ground: LeadGround; readonly hint: Hinted | null; readonly share: Share },
): Lead {
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  const lines = share === "lines" ? ground.lines : null;
  return {
    fingerprint,
    chain: ground.chain,
    lines,
    says: lines !== null ? "" : ground.lines === null || where === null ? ground.says : keptHere,
    sent: text(evidence.sent),
    runs: share === "names" ? null : ground.runs,
    waitsAt: evidence.outcome === "hang" || evidence.ended === "hang" ? text(evidence.prompt) : null,
    hint: hint === null ? null : { ...hint, loggedIn: share === "names" ? null : hint.loggedIn },
  };
}
