import type { Command } from "commander";
import { selfChecks } from "../doctor/index.ts";
import { lookAtAll } from "../doctor/self-check.ts";
import { socketsFor } from "../sockets.ts";
import { doctorText } from "../text/doctor.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

export const doctor: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Looks whether rcwarden itself can work here: the sandbox, watching, documents, state, the agent and what it sends. Each fault with the command or change that mends it. Changes nothing.",
    )
    .option("--socket <path>", "ask the agent that listens here")
    .option("--json", "print the self-checks as JSON")
    .addHelpText(
      "after",
      `${examples([
        ["rcwarden doctor", "what is in order here, and what is not"],
        ["rcwarden doctor --json", "the same for a program"],
      ])}
Exit 0: no self-check fails; 1: one does.
`,
    );
}

async function run({ flags, words }: Call, { voice, parts, version }: Surroundings): Promise<ExitCode> {
  if (words.length > 0) {
    voice.remark(`rcwarden doctor: expected only flags, found "${words.join(" ")}"`);
    return 2;
  }
  const progress = voice.progress(`${selfChecks.length} self-checks`);
  const world = await parts.doctor({ version, sockets: socketsFor(parts, flags.socket) });
  const looked = await lookAtAll(selfChecks, world, (left) =>
    progress.say(`still looking: ${left.map(({ id }) => id).join(", ")}`),
  ).finally(() => progress.end());
  if (flags.json === true) {
    const checks = looked.map(({ id, seconds, outcomes }) => ({ id, seconds, outcomes }));
    const about = { time: parts.now().toISOString(), rcwarden: version, host: { name: parts.hostName } };
    voice.json({ apiVersion: "rcwarden/v1", kind: "Doctor", ...about, checks });
  } else voice.answer(doctorText(looked));
  return looked.some(({ outcomes }) => outcomes.some(({ kind }) => kind === "fail")) ? 1 : 0;
}
