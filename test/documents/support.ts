import * as z from "zod";
import type { KnownCheck } from "../../agent/documents/index.ts";
import {
  type HostDocuments,
  type Loaded,
  loadDocuments,
  type Policy,
  problemText,
  type Retention,
  type SourceFile,
} from "../../agent/documents/index.ts";

/** Check kinds of their own, so that what documents say does not depend on which real ones there are. */
export const checks: readonly KnownCheck[] = [
  {
    id: "engine-commands",
    summary: "Commands do what they say.",
    why: "Nobody waits.",
    asksAbout: "mode",
    needs: ["tried"],
    parameters: z.strictObject({}),
  },
  {
    id: "startup-output",
    summary: "Streams stay empty.",
    why: "Parsers read them.",
    asksAbout: "mode",
    needs: ["output"],
    parameters: z.strictObject({
      streams: z
        .array(z.enum(["stdout", "stderr"]))
        .min(1)
        .default(["stdout"]),
    }),
  },
  {
    id: "patience",
    summary: "Startup is quick.",
    why: "Engines time out.",
    asksAbout: "mode",
    needs: ["startup"],
    // Deliberately not strict, and with every scalar there is: the loader must refuse unknown keys and convert by itself.
    parameters: z.object({
      seconds: z.number().min(0.5).default(2),
      retries: z.number().int().max(9).optional(),
      loud: z.boolean().default(false),
      limit: z.union([z.literal("none"), z.number().int()]).optional(),
    }),
  },
  {
    id: "watch-coverage",
    summary: "Every change is seen.",
    why: "An engine would not know.",
    asksAbout: "host",
    needs: ["watching"],
    parameters: z.strictObject({}),
  },
];

export function given(text: string | Uint8Array, file = "db.yaml"): SourceFile {
  return { file, shipped: false, bytes: typeof text === "string" ? new TextEncoder().encode(text) : text };
}

export function shipped(text: string, file = "/shipped.yaml"): SourceFile {
  return { file, shipped: true, bytes: new TextEncoder().encode(text) };
}

export const shippedEngine = shipped(
  `apiVersion: rcwarden/v1
kind: Engine
metadata: { name: exec-channel }
spec: { enters: [ssh-command], sends: ["rm -f {file}"] }
`,
  "/shipped/exec-channel.yaml",
);

export const shippedPolicy = shipped(
  `apiVersion: rcwarden/v1
kind: Policy
metadata: { name: unattended-ssh }
spec:
  accounts: all
  engines: [exec-channel]
  rules: [{ id: clean, check: startup-output, severity: high }]
`,
  "/shipped/unattended-ssh.yaml",
);

export function load(...files: readonly SourceFile[]): Loaded {
  return loadDocuments(files, { checks, shipped: [shippedEngine, shippedPolicy] });
}

/** The text of every problem, in order; none where everything is well. */
export function problems(...files: readonly (string | Uint8Array | SourceFile)[]): readonly string[] {
  const loaded = load(
    ...files.map((file) => (typeof file === "string" || file instanceof Uint8Array ? given(file) : file)),
  );
  return loaded.kind === "problems" ? loaded.problems.map(problemText) : [];
}

export function codes(text: string | Uint8Array): readonly string[] {
  const loaded = load(given(text));
  return loaded.kind === "problems" ? loaded.problems.map((problem) => problem.code) : [];
}

/** The host owner's documents, with the shipped ones and nothing else. */
export function loadHost(text: string | readonly SourceFile[], nowMs?: number): Loaded {
  const host = typeof text === "string" ? [given(text, "/etc/rcwarden/host.yaml")] : text;
  const time = nowMs === undefined ? {} : { nowMs };
  return loadDocuments([], { checks, shipped: [shippedEngine, shippedPolicy], host, ...time });
}

/** The text of every problem without its file, in order. */
export function hostProblems(text: string, nowMs?: number): readonly string[] {
  const loaded = loadHost(text, nowMs);
  const own = (problem: string) => problem.replace("/etc/rcwarden/host.yaml:", "");
  return loaded.kind === "problems" ? loaded.problems.map((problem) => own(problemText(problem))) : [];
}

/** What a text that is accepted says for the host's owner. */
export function hostOf(text: string, nowMs?: number): HostDocuments {
  const loaded = loadHost(text, nowMs);
  if (loaded.kind === "problems") throw new Error(hostProblems(text, nowMs).join("\n"));
  return loaded.host;
}

export function documentOf(kind: string, spec: string, name = "db07"): string {
  return `apiVersion: rcwarden/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n${spec}`;
}

/** Lines 1 to 3 of a document with this `spec`, which begins at line 5, indented by two. */
export function engineWith(spec: string, name = "copy"): string {
  return `apiVersion: rcwarden/v1\nkind: Engine\nmetadata: { name: ${name} }\nspec:\n${spec}`;
}

export function policyWith(spec: string, name = "db"): string {
  return `apiVersion: rcwarden/v1\nkind: Policy\nmetadata: { name: ${name} }\nspec:\n${spec}`;
}

/** The only given policy of a text that is accepted. */
export function policyOf(text: string): Policy {
  const loaded = load(given(text));
  const policy = loaded.kind === "documents" ? loaded.set.policies.find((each) => !each.origin.shipped) : undefined;
  if (policy === undefined) throw new Error(problems(text).join("\n"));
  return policy;
}

/** The Retentions of texts that are accepted. */
export function retentionsOf(...files: readonly SourceFile[]): readonly Retention[] {
  const loaded = load(...files);
  return loaded.kind === "documents" ? loaded.set.retentions : [];
}
