import type { Command } from "commander";
import type { Agent } from "../../daemon/index.ts";
import type { Voice } from "../io.ts";
import type { Parts } from "../parts.ts";
import { agentPlaces } from "../places.ts";
import type { Flag } from "../plain-call.ts";
import { agentBegun, agentReady } from "../text/agent.ts";
import { checkText } from "../text/check.ts";
import { type Call, type ExitCode, examples, gather, texts, type Verb } from "../verb.ts";

/** Also what its own bundle (agent-apart.ts) understands without commander. */
export const flags: readonly Flag[] = [
  ["--config <path>", "documents, a file or a folder laid out like /etc/rcwarden, instead of /etc/rcwarden"],
  ["--state <folder>", "where it keeps what it found"],
  ["--socket <path>", "where it listens for questions"],
  ["--account <name>", "an account to watch (repeatable); default: those that the documents mean", "repeats"],
];

interface AgentSurroundings {
  readonly voice: Voice;
  readonly parts: Pick<Parts, "callerUid" | "env" | "runAgent">;
  readonly version: string;
}

export const agent = { declare, run } satisfies Verb;

function declare(command: Command): void {
  command.description(
    "Watches startup files, sshd's settings and the accounts, measures again what changed, keeps what it found and tells it. Runs in the foreground until Ctrl-C; SIGHUP reads the documents anew.",
  );
  for (const [name, says, repeats] of flags) {
    if (repeats === undefined) command.option(name, says);
    else command.option(name, says, gather);
  }
  command.addHelpText(
    "after",
    examples([
      ["rcwarden agent", "watch what looks automated, as root; else your own account"],
      ["rcwarden agent --account oracle", "watch one account"],
      [
        "rcwarden agent --config ./etc --state ./state --socket ./agent.sock",
        "try out documents beside an installed agent",
      ],
    ]),
  );
}

/** More than this is not read by anybody who just started it. */
const mostShown = 10;

async function run({ flags, words }: Call, { voice, parts, version }: AgentSurroundings): Promise<ExitCode> {
  if (words.length > 0) return refuse([`expected only flags, found "${words.join(" ")}"`]);
  const places = agentPlaces(parts.callerUid, parts.env);
  const text = (flag: unknown) => (typeof flag === "string" ? flag : null);
  const socketPath = text(flags.socket) ?? places.socket;
  let shown = 0;
  const ended = await parts.runAgent({
    version,
    config: text(flags.config),
    stateFolder: text(flags.state) ?? places.state,
    socketPath,
    named: texts(flags.account),
    hostSocket: agentPlaces(0, {}).socket,
    begun: (running: Agent) => voice.answer(agentBegun(running.view().status(), socketPath)),
    firstRun({ measured, verdicts }, policies) {
      shown += 1;
      if (shown > mostShown) return;
      voice.answer([[], ...checkText({ policies, measured: [measured], verdicts, missing: [] })]);
    },
    ready: (running: Agent) =>
      voice.answer([
        [],
        ...agentReady(
          running.view().status(),
          { socket: socketPath, isDefault: socketPath === places.socket },
          shown - Math.min(shown, mostShown),
        ),
      ]),
  });
  return ended.kind === "refused" ? refuse(ended.problems) : 0;

  function refuse(problems: readonly string[]): ExitCode {
    voice.remark(...problems.map((problem) => `rcwarden agent: ${problem}`));
    return 2;
  }
}
