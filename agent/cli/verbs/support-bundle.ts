import type { Command } from "commander";
import { paragraph } from "../../facts/layout.ts";
import { plainText } from "../../facts/lines.ts";
import { type StatusAnswer, shapes } from "../../status/index.ts";
import { type Heard, hear, socketsFor } from "../agents.ts";
import { type Bundle, bundle } from "../bundle/bundle.ts";
import type { Answered, BundleWorld } from "../bundle/parts.ts";
import { selfChecks } from "../doctor/index.ts";
import { lookAtAll } from "../doctor/self-check.ts";
import type { Parts, SupportParts } from "../parts.ts";
import { bundleText } from "../text/bundle.ts";
import { doctorText } from "../text/doctor.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

export const supportBundle: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Writes one file for whoever helps you: how the agent stands, findings without the text of any line, documents in force, facts of the host, redacted. It says what will be in it first, and sends nothing.",
    )
    .option("--output <path>", "the file to write; it must not be there yet (default: one named by host and time)")
    .option("--socket <path>", "ask the agent that listens here")
    .option("--json", "print the manifest as JSON")
    .addHelpText(
      "after",
      examples([
        ["sudo rcwarden support-bundle", "all that there is, in this folder"],
        ["tar -xOzf FILE rcwarden-support/manifest.json", "what is in it, and what was left out"],
      ]),
    );
}

async function run({ flags, words }: Call, { voice, parts, version }: Surroundings): Promise<ExitCode> {
  if (words.length > 0) return refuse(`expected only flags, found "${words.join(" ")}"`);
  const now = parts.now();
  const file = typeof flags.output === "string" ? flags.output : nameFor(parts.hostName, now);
  const progress = voice.progress("gathering");
  const support = await parts.support();
  const made = await bundle(worldOf({ parts, support, version, now }, flags.socket), ({ name }) =>
    progress.say(`gathering ${name}`),
  ).finally(() => progress.end());
  if (flags.json !== true) voice.answer(bundleText(made.manifest, file));
  const stored = support.create(file, made.bytes);
  if (stored.kind === "refused")
    return refuse(`${file}: expected to write a new file, found ${stored.found}; use --output`);
  tell(made);
  return 0;

  function tell({ manifest, bytes }: Bundle): void {
    if (flags.json === true) voice.json({ ...manifest, file, bytes: bytes.length });
    else voice.answer(paragraph(`Written, for you alone to read (0600): ${file}, ${bytes.length} bytes.`));
  }

  function refuse(problem: string): ExitCode {
    voice.remark(`rcwarden support-bundle: ${problem}`);
    return 2;
  }
}

/** `rcwarden-support-db07-20261123T095502Z.tar.gz`: only letters that need no quotes, whatever the host is called. */
function nameFor(host: string, at: Date): string {
  const name = host.replace(/[^A-Za-z0-9.-]/g, "_").slice(0, 64);
  return `rcwarden-support-${name}-${at.toISOString().replace(/[-:]|\.\d+/g, "")}.tar.gz`;
}

interface Here {
  readonly parts: Parts;
  readonly support: SupportParts;
  readonly version: string;
  readonly now: Date;
}

function worldOf({ parts, support, version, now }: Here, socket: unknown): BundleWorld {
  const sockets = socketsFor(parts, socket);
  let status: Promise<Answered<StatusAnswer>> | null = null;
  return {
    version,
    time: now.toISOString(),
    hostName: parts.hostName,
    status: () => {
      status ??= hear(parts, sockets, { method: "GET", path: "/v1/status" }, shapes().Status).then(answered);
      return status;
    },
    runs: async () => answered(await hear(parts, sockets, { method: "GET", path: "/v1/runs" }, shapes().Runs)),
    documents: () => parts.documents([]),
    doctor: async () => {
      const looked = await lookAtAll(selfChecks, await parts.doctor({ version, sockets }), () => {});
      return { kind: "answer", value: plainText(doctorText(looked)) };
    },
    ...support,
  };
}

function answered<T>(heard: Heard<T>): Answered<T> {
  return heard.kind === "answer" ? { kind: "answer", value: heard.value } : { kind: "none", why: heard.message };
}
