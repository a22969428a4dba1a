/** The host owner's page: what rcwarden may do here, in plain words. */
import { type Grant, type HostDocuments, type SinkDocument, whatHolds } from "../../documents/index.ts";
import type { Share } from "../../facts/index.ts";
import { list, pad, pageColumns, spread, wrapped } from "../../facts/layout.ts";
import type { GroupAnswer } from "../../host/accounts.ts";
import { type Line, span } from "./printable.ts";

export interface GrantPage {
  readonly hostName: string;
  readonly host: HostDocuments;
  /** The group that may read what an agent shows. */
  readonly viewers: GroupAnswer;
}

export function grantText({ hostName, host, viewers }: GrantPage): Line[] {
  const holds = whatHolds(host.grant);
  const from = { grant: "", none: "no Grant: this holds without one", broken: "the Grant is broken" }[host.grant.kind];
  const file = host.grant.kind === "grant" ? host.grant.grant.origin.file : from;
  return [
    ...spread([span(`What rcwarden may do on ${hostName}`, "bold")], [file], pageColumns),
    ...(holds === null ? nothing : allowed(holds, host.agent?.sinks ?? [], viewers)),
    ...row("ports", ["none"]),
    ...(host.grant.kind === "none" ? row("", ["rcwarden grant init writes one to change"]) : []),
  ];
}

const nothing: Line[] = [
  ...row("measure", ["nobody"]),
  ...row("show", ["names of what was found before, to group rcwarden; values and lines to root and the account only"]),
  ...row("send", ["nothing"]),
  ...row("remove", ["nothing"]),
];

type Holds = Pick<Grant, "measure" | "local" | "share" | "remove">;

function allowed(
  { measure, local, share, remove }: Holds,
  sinks: readonly SinkDocument[],
  viewers: GroupAnswer,
): Line[] {
  return [
    ...row("measure", [measureWords(measure)]),
    ...row("show", [showWords(local, viewers)]),
    ...row("send", [`${sharedWords[share]}, ${sendWords(sinks)}`]),
    ...row(
      "remove",
      remove.length === 0
        ? ["nothing"]
        : [...remove.map(removeWords), "what of it goes, a Retention says: rcwarden cleanup plan"],
    ),
  ];
}

function measureWords({ accounts, how, notBetween }: Grant["measure"]): string {
  const all = accounts === "all";
  const who = all ? "whom a policy names, else who looks automated (rcwarden accounts)" : list(accounts);
  const shells = !all && accounts.length === 1 ? "its shell" : "their shells";
  const means = how === "running" ? `by running ${shells} in a sandbox` : "by reading startup files, running nothing";
  const quiet = notBetween.map(({ from, to }) => `not from ${timeOf(from)} to ${timeOf(to)}`);
  const times = quiet.length === 0 ? "" : `; ${quiet.join(", ")} (check by hand is not bound)`;
  return `${who}, ${means}${times}`;
}

function timeOf(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

const sharedWords: Readonly<Record<Share, string>> = {
  names: "names",
  values: "names and values",
  lines: "names, values and lines",
};
const keptWords: Readonly<Record<Share, string>> = {
  names: "; values and lines to root and the account only",
  values: "; lines to root and the account only",
  lines: "",
};

function showWords(local: Share, viewers: GroupAnswer): string {
  const counted =
    viewers.kind === "group"
      ? ` (${viewers.members.length} ${viewers.members.length === 1 ? "member" : "members"})`
      : "";
  const missing = viewers.kind === "absent" ? " (there is no such group)" : "";
  return `${sharedWords[local]} to group rcwarden${counted}${missing}${keptWords[local]}`;
}

function sendWords(sinks: readonly SinkDocument[]): string {
  const reader = "an engine that reads events from the agent's socket";
  if (sinks.length === 0) return `to ${reader}; no sink is named`;
  return `to ${list(sinks.map((sink) => (sink.kind === "file" ? sink.path : sink.url)))}, and to ${reader}`;
}

function removeWords({ account, below, apply, releasesFrom }: Holds["remove"][number]): string {
  const when = apply === "automatically" ? "automatically" : "by hand";
  const release = releasesFrom === null ? "" : ` after the release by ${releasesFrom}`;
  return `below ${below}, as ${account}, ${when}${release}`;
}

/** `  label     value`, each value on lines of its own. */
function row(label: string, values: readonly string[]): Line[] {
  return values
    .flatMap((value) => wrapped(value, pageColumns - 12))
    .map((text, at) => [`  ${pad(at === 0 ? label : "", 10)}${text}`]);
}

/** The same for a program. */
export function grantJson({ hostName, host }: GrantPage, problems: readonly string[]) {
  const holds = whatHolds(host.grant);
  return {
    apiVersion: "rcwarden/v1",
    kind: "Granted",
    host: { name: hostName },
    grant: host.grant.kind,
    file: host.grant.kind === "grant" ? host.grant.grant.origin.file : null,
    ...(holds === null ? { measure: null, local: null, share: null, remove: [] } : only(holds)),
    sinks: (host.agent?.sinks ?? []).map((sink) => ({
      name: sink.name,
      kind: sink.kind,
      to: sink.kind === "file" ? sink.path : sink.url,
    })),
    problems,
  };
}

function only({ measure, local, share, remove }: Holds): Holds {
  return { measure, local, share, remove };
}
