/** Plans, for a person and for a program: what would go, what stays and why. Neither says that anything was removed. */
import { type Decision, type Kept, type Listed, leastDigits, type StayCode } from "../../cleanup/index.ts";
import type { Removal, Retention } from "../../documents/index.ts";
import { columns, folded, pad, padStart, pageColumns, paragraph, spread } from "../../facts/layout.ts";
import { type Line, span } from "./printable.ts";

export interface Planned {
  readonly retention: Retention;
  /** Null where there is no plan. */
  readonly decision: Decision | null;
  /** Why there is none; "" otherwise. */
  readonly because: string;
  readonly grant: Removal;
  /** Null where nothing would go, or nobody may remove it. */
  readonly kept: Kept | null;
}

export interface PlanManner {
  readonly isFollowing: boolean;
  /** Every file follows. */
  readonly isListed: boolean;
  /** What to type as well to have it applied; with a blank before, or "". */
  readonly flags: string;
}

export function planText(planned: Planned, { isFollowing, isListed, flags }: PlanManner): Line[] {
  const { retention, decision, because } = planned;
  const { name, root, account } = retention;
  const plan = decision === null ? "no plan" : `plan ${decision.hash.slice(0, 12)}   (nothing was removed)`;
  const heading = [
    ...(isFollowing ? [[""]] : []),
    ...spread([span(name, "bold"), `   ${root}   as ${account}`], [plan], pageColumns),
    [""],
  ];
  if (decision === null) return [...heading, ...paragraph(because, 2)];
  const list = isListed ? [] : [["  --list shows every file with its reason; --json too."]];
  return [
    ...heading,
    ...rows(retention, decision),
    ...clockText(decision.clock),
    ...list,
    ...nextText(planned, decision.hash, flags),
    ...(isListed ? [[""]] : []),
  ];
}

function rows(retention: Retention, { removed, stays }: Decision): Line[] {
  const codes = stayCodes.flatMap((code) => {
    const sum = stays.get(code);
    return sum === undefined ? [] : [{ ...sum, why: stayWords[code](retention) }];
  });
  const sums = [{ ...removed, why: goesWords(retention) }, ...codes];
  const counts = sums.map(({ files }) => (files === 1 ? "1 file " : `${files.toLocaleString("en-US")} files`));
  const width = Math.max(...counts.map(columns));
  return sums.flatMap(({ bytes, why }, at) => {
    const label = at === 0 ? "remove" : at === 1 ? "keep" : "";
    return folded([
      `  ${pad(label, 10)}${padStart(counts[at] ?? "", width)}  ${padStart(sizeText(bytes), 10)}   ${why}`,
    ]);
  });
}

function goesWords({ after, releasedBy, account, keep: { youngerThanMs } }: Retention): string {
  const older = youngerThanMs === null ? "" : `older than ${exactly(youngerThanMs)}`;
  if (after === "age") return older;
  const by = releasedBy.map((each) => (each === "engine" ? "the engine" : account)).join(" or ");
  return `released by ${by}${older === "" ? "" : ` and ${older}`}`;
}

function notReleasedWords({ releasedBy, account }: Retention): string {
  const [one, other] = releasedBy;
  if (other !== undefined) return "nobody has released them";
  return `${one === "account" ? account : "the engine"} has not released them`;
}

/** In the order in which they are told. */
const stayWords: Readonly<Record<StayCode, (retention: Retention) => string>> = {
  "not-released": notReleasedWords,
  "released-other-content": () => "changed since their release",
  "too-young": ({ keep }) => `younger than ${exactly(keep.youngerThanMs ?? 0)}`,
  newest: ({ keep }) => `newest ${keep.newest.toLocaleString("en-US")}`,
  "over-limit": () => "over the limits of one plan",
  "would-empty": () => "nothing that matches would stay, and mayEmpty is not true",
  "clock-not-trusted": () => "of no known age: this host's clock is not trusted",
  "held-open": () => "a process has them open",
  "open-unknown": () => "whether a process has them open cannot be told",
  changed: () => "changed while they were looked at",
  database: () => "a database's",
  "archived-log": () => "archived redo logs, not released with their sha256",
  "another-owner": ({ account }) => `not ${account}'s`,
  "several-links": () => "of several links",
  mount: () => "on another mount",
  "name-refused": () => "of names that no Retention reaches",
  "not-a-regular-file": () => "folders, links and other things that are no regular file",
  "not-matched": () => "no pattern fits their names",
};

const stayCodes: readonly StayCode[] = [
  "not-released",
  "released-other-content",
  "too-young",
  "newest",
  "over-limit",
  "would-empty",
  "clock-not-trusted",
  "held-open",
  "open-unknown",
  "changed",
  "database",
  "archived-log",
  "another-owner",
  "several-links",
  "mount",
  "name-refused",
  "not-a-regular-file",
  "not-matched",
];

function clockText(clock: Decision["clock"]): Line[] {
  if (clock.kind !== "ahead") return [];
  return paragraph(`The clock of this host is behind the newest file, so no age counts: ${pathText(clock.path)}`, 2);
}

/** What it takes for these files to go. */
function nextText({ retention: { account, root }, grant, kept }: Planned, hash: string, flags: string): Line[] {
  if (grant.kind !== "granted") {
    const whose = grant.kind === "no-grant" ? "there is no Grant" : "the Grant does not name it";
    return paragraph(`It stays a plan: to remove below ${root} as ${account} is not granted (${whose}).`, 2);
  }
  if (kept === null) return [];
  if (kept.kind === "refused") return paragraph(`It cannot be applied, for it could not be kept: ${kept.message}`, 2);
  const command = `rcwarden cleanup apply --plan ${hash.slice(0, leastDigits)}${flags}`;
  const line = `  To remove exactly these, within 60 minutes:  ${command}`;
  // A command is to be copied whole.
  return columns(line) <= pageColumns
    ? [[line]]
    : [["  To remove exactly these, within 60 minutes:"], [`  ${command}`]];
}

export function planJson({ retention, decision, because, grant, kept }: Planned) {
  const { name, account, root, origin } = retention;
  const granted = { granted: grant.kind === "granted", apply: grant.kind === "granted" ? grant.apply : null };
  const about = { retention: name, account, root, file: origin.file, grant: granted };
  const head = { apiVersion: "rcwarden/v1", kind: "CleanupPlan", ...about, removed: 0 };
  if (decision === null) return { ...head, plan: null, because, clock: null, goes: null, stays: [], expiresAt: null };
  const stays = stayCodes.flatMap((code) => {
    const sum = decision.stays.get(code);
    return sum === undefined ? [] : [{ code, files: sum.files, bytes: Number(sum.bytes) }];
  });
  const goes = { files: decision.removed.files, bytes: Number(decision.removed.bytes) };
  const expiresAt = kept?.kind === "kept" ? new Date(kept.expiresAtMs).toISOString() : null;
  const says = kept?.kind === "refused" ? kept.message : because;
  return { ...head, plan: decision.hash, because: says, clock: decision.clock.kind, goes, stays, expiresAt };
}

export function listedText({ retention }: Planned, { path, bytes, code, message }: Listed): Line {
  const why = code === null ? goesWords(retention) : message || stayWords[code](retention);
  return [
    `  ${pad(code === null ? "remove" : "keep", 10)}${padStart(sizeText(bytes), 10)}  ${pathText(path)}  (${why})`,
  ];
}

/** `hex` is the path as it is: `path` is text, and a name need not be any. */
export function listedJson({ retention }: Planned, { path, bytes, code, message }: Listed) {
  const about = { apiVersion: "rcwarden/v1", kind: "PlannedFile", retention: retention.name };
  const hex = path.join("2f");
  return { ...about, path: pathText(path), hex, bytes: Number(bytes), goes: code === null, code, message };
}

/** A path of names in hex as text; of a name that is no UTF-8 every byte that is no letter of ASCII as `\xNN`. */
export function pathText(path: readonly string[]): string {
  return path.map((name) => nameText(Buffer.from(name, "hex"))).join("/");
}

function nameText(name: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    return name
      .toString("latin1")
      .replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
  }
}

const sizes: readonly (readonly [string, bigint])[] = [
  ["TiB", 1n << 40n],
  ["GiB", 1n << 30n],
  ["MiB", 1n << 20n],
  ["KiB", 1n << 10n],
];

/** `96.4 GiB`, `1,023 B`; rounded down. */
export function sizeText(bytes: bigint): string {
  const [unit, one] = sizes.find(([, size]) => bytes >= size) ?? ["B", 1n];
  const whole = (bytes / one).toLocaleString("en-US");
  return unit === "B" ? `${whole} B` : `${whole}.${((bytes % one) * 10n) / one} ${unit}`;
}

const units: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
];

/** As it was written: `6 h`, `90 min`. */
function exactly(milliseconds: number): string {
  const [unit, one] = units.find(([, size]) => milliseconds % size === 0) ?? ["s", 1000];
  return `${milliseconds / one} ${unit}`;
}
