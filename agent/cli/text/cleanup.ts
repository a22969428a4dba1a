/** Plans, for a person and for a program: what would go, what stays and why. Neither says that anything was removed. */
import type { Decision, Listed, StayCode } from "../../cleanup/index.ts";
import type { Removal, Retention } from "../../documents/index.ts";
import { columns, folded, pad, padStart, pageColumns, paragraph, spread } from "./layout.ts";
import { type Line, span } from "./printable.ts";

export interface Planned {
  readonly retention: Retention;
  /** Null where there is no plan. */
  readonly decision: Decision | null;
  /** Why there is none; "" otherwise. */
  readonly because: string;
  readonly grant: Removal;
}

export function planText(planned: Planned, isFollowing: boolean, isListed: boolean): Line[] {
  const { retention, decision, because } = planned;
  const { name, root, account } = retention;
  const plan = decision === null ? "no plan" : `plan ${decision.hash.slice(0, 12)}   (nothing was removed)`;
  const heading = [
    ...(isFollowing ? [[""]] : []),
    ...spread([span(name, "bold"), `   ${root}   as ${account}`], [plan], pageColumns),
    [""],
  ];
  if (decision === null) return [...heading, ...paragraph(because, 2)];
  const list = isListed ? [] : [["  --list shows every file with its reason; --json is for programs."]];
  return [
    ...heading,
    ...rows(retention, decision),
    ...clockText(decision.clock),
    ...paragraph(`Nothing was removed: this version only plans. ${grantWords(planned)}`, 2),
    ...list,
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
    const label = at === 0 ? "would go" : at === 1 ? "stays" : "";
    return folded([
      `  ${pad(label, 10)}${padStart(counts[at] ?? "", width)}  ${padStart(sizeText(bytes), 10)}   ${why}`,
    ]);
  });
}

function goesWords({ after, keep: { youngerThanMs } }: Retention): string {
  const older = youngerThanMs === null ? "" : `not younger than ${exactly(youngerThanMs)}`;
  return after === "age" ? older : `released, unchanged since${older === "" ? "" : `, and ${older}`}`;
}

/** In the order in which they are told. */
const stayWords: Readonly<Record<StayCode, (retention: Retention) => string>> = {
  "not-released": () => "not released: this version takes no releases",
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

function grantWords({ retention: { account, root }, grant }: Planned): string {
  if (grant.kind === "granted") {
    const how = grant.apply === "automatically" ? "by hand and automatically" : "by hand";
    return `The Grant allows removal below ${grant.below} as ${account}, ${how}.`;
  }
  const whose = grant.kind === "no-grant" ? "there is no Grant" : "the Grant does not name it";
  return `It would stay a plan anyway: to remove below ${root} as ${account} is not granted (${whose}).`;
}

export function planJson({ retention, decision, because, grant }: Planned) {
  const { name, account, root, origin } = retention;
  const granted = { granted: grant.kind === "granted", apply: grant.kind === "granted" ? grant.apply : null };
  const about = { retention: name, account, root, file: origin.file, grant: granted };
  const head = { apiVersion: "rcwarden/v1", kind: "CleanupPlan", ...about, removed: 0 };
  if (decision === null) return { ...head, plan: null, because, clock: null, goes: null, stays: [] };
  const stays = stayCodes.flatMap((code) => {
    const sum = decision.stays.get(code);
    return sum === undefined ? [] : [{ code, files: sum.files, bytes: Number(sum.bytes) }];
  });
  const goes = { files: decision.removed.files, bytes: Number(decision.removed.bytes) };
  return { ...head, plan: decision.hash, because, clock: decision.clock.kind, goes, stays };
}

export function listedText({ retention }: Planned, { path, bytes, code, message }: Listed): Line {
  const why = code === null ? goesWords(retention) : message || stayWords[code](retention);
  return [
    `  ${pad(code === null ? "would go" : "stays", 10)}${padStart(sizeText(bytes), 10)}  ${pathText(path)}  (${why})`,
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
