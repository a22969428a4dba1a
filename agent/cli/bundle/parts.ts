/**
 * What a support bundle has, a part a row. Each is gathered by itself, and what cannot be had is said with its reason.
 * Nothing is in it beyond what a Grant with `share: names` would let leave the host: no value of an alias or variable, no
 * line of a file, no prompt, no word of a program of the host but names and paths.
 */
import type { DocumentSet, HostDocuments, Loaded } from "../../documents/index.ts";
import { problemText } from "../../documents/index.ts";
import type { StatusAnswer } from "../../status/index.ts";
import { harmlessJson, harmlessText } from "./harmless.ts";

export type Answered<T> =
  | { readonly kind: "answer"; readonly value: T }
  | { readonly kind: "none"; readonly why: string };

/** Of what `/v1/runs` answers, all of it numbers, names and digests. */
export interface RunsPage {
  readonly items: readonly unknown[];
}

/** What is asked of the world, once each. */
export interface BundleWorld {
  readonly version: string;
  readonly time: string;
  readonly hostName: string;
  status(): Promise<Answered<StatusAnswer>>;
  runs(): Promise<Answered<RunsPage>>;
  documents(): Promise<Loaded>;
  /** As `rcwarden doctor` prints it. */
  doctor(): Promise<Answered<string>>;
  /** Facts of the host by name. */
  host(): Promise<Readonly<Record<string, unknown>>>;
  sshd(): Promise<Answered<string>>;
  log(): Promise<Answered<string>>;
  limits(): Promise<Readonly<Record<string, string>>>;
}

export type Gathered =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "left-out"; readonly why: string };

export interface Part {
  readonly name: string;
  /** A clause for the list. */
  readonly says: string;
  gather(world: BundleWorld): Promise<Gathered>;
}

export const parts: readonly Part[] = [
  {
    name: "status.json",
    says: "how the agent stands: accounts, watching, documents, sinks, store, resources",
    gather: async (world) => json(await world.status(), statusOf),
  },
  {
    name: "findings.json",
    says: "what fails or is undecided: rules, accounts, files and lines by number, no text of them",
    gather: async (world) => json(await world.status(), ({ findings }) => findings.map(findingOf)),
  },
  {
    name: "runs.json",
    says: "the last runs: when, how long, how many hold",
    gather: async (world) => json(await world.runs(), ({ items }) => items),
  },
  {
    name: "documents.json",
    says: "the documents in force, without comments; secrets in them masked",
    gather: async (world) => written(documentsOf(await world.documents())),
  },
  {
    name: "doctor.txt",
    says: "what rcwarden doctor says",
    gather: async (world) => text(await world.doctor()),
  },
  {
    name: "host.json",
    says: "kernel, distribution, memory, versions of the shells",
    gather: async (world) => written(await world.host()),
  },
  {
    name: "sshd.txt",
    says: "sshd's settings (sshd -T)",
    gather: async (world) => text(await world.sshd()),
  },
  {
    name: "log.txt",
    says: "the agent's last log lines",
    gather: async (world) => text(await world.log()),
  },
  {
    name: "limits.json",
    says: "the limits under which this program runs",
    gather: async (world) => written(await world.limits()),
  },
];

/** What is never in one, whatever there is. */
export const never: readonly string[] = [
  "values of aliases and variables, prompts, output and lines of files",
  "keys, tokens, certificates and the content of any file that a document names",
  "commands of people's sessions, and who was logged in",
];

function written(value: unknown): Gathered {
  return { kind: "text", text: harmlessJson(value) };
}

function json<T>(answered: Answered<T>, of: (value: T) => unknown): Gathered {
  return answered.kind === "none" ? { kind: "left-out", why: answered.why } : written(of(answered.value));
}

function text(answered: Answered<string>): Gathered {
  if (answered.kind === "none") return { kind: "left-out", why: answered.why };
  return { kind: "text", text: harmlessText(answered.value) };
}

/** By name what may be in it, so that what status comes to have later is not in it by itself. */
function statusOf(status: StatusAnswer): unknown {
  const { apiVersion, kind, time, rcwarden, host, instance, pid, startedAt, ready, validUntil } = status;
  const { accounts, watching, documents, sinks, store, resources, ways, cleanup, unmeasured, sessions } = status;
  return {
    ...{ apiVersion, kind, time, rcwarden, host, instance, pid, startedAt, ready, validUntil },
    accounts: accounts.map(({ says: _, because: __, ...account }) => account),
    ...{ watching, documents, sinks, store, resources, ways },
    cleanup: cleanup.map(({ retention, account, root, apply, granted, state, releases }) => {
      return { retention, account, root, apply, granted, state, releases };
    }),
    unmeasured: unmeasured.map(({ account, mode, code }) => ({ account, mode, code })),
    sessions: {
      at: sessions.at,
      groups: sessions.groups.map(({ account, waitsFor, isStuck, count, oldestSeconds }) => {
        return { account, waitsFor, isStuck, count, oldestSeconds };
      }),
    },
  };
}

function findingOf(finding: StatusAnswer["findings"][number]): unknown {
  const { fingerprint, status, severity, consequence, policy, rule, check, account, mode, subject } = finding;
  const { where, gaps, waived, flapping, was, openedAt, since, past } = finding;
  return {
    ...{ fingerprint, status, severity, consequence, policy, rule, check, account, mode, subject, where },
    ...(gaps && { gaps: gaps.map(({ code }) => code) }),
    ...(waived && { waived: { exception: waived.exception, until: waived.until } }),
    ...(flapping && { flapping }),
    ...(was && { was }),
    ...{ openedAt, since, past },
  };
}

function documentsOf(loaded: Loaded): unknown {
  if (loaded.kind === "problems") return { problems: loaded.problems.map(problemText) };
  return { ...hostDocumentsOf(loaded.host), ...setOf(loaded.set) };
}

function setOf({ engines, policies, retentions }: DocumentSet): object {
  return { engines, policies, retentions };
}

function hostDocumentsOf({ agent, grant, exceptions }: HostDocuments): object {
  return { agent, grant, exceptions };
}
