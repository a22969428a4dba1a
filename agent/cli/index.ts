/**
 * The command line. A verb is one file in verbs/ and one line in `verbs` below; its help comes from what it declares.
 * Nothing imports this folder. It puts the other folders together (parts.ts), renders (text/, format/) and decides the
 * exit code; everything that it prints goes through text/printable.ts or format/json.ts.
 */
import { Command, CommanderError } from "commander";
import { asProcess } from "./as-process.ts";
import { internalError } from "./internal-error.ts";
import { type Io, type Voice, voiceOf } from "./io.ts";
import type { Parts } from "./parts.ts";
import type { Declared, ExitCode, Verb } from "./verb.ts";

interface Listed {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Verb>;
}

/** In the order in which a newcomer reads them. Loaded only when asked for. */
export const verbs: readonly Listed[] = [
  {
    name: "check",
    summary: "say what an engine that comes in by SSH would suffer, why, and which line to change",
    load: async () => (await import("./verbs/check.ts")).check,
  },
  {
    name: "ready",
    summary: "say whether an engine may begin: go, no-go or unknown",
    load: async () => (await import("./verbs/ready.ts")).ready,
  },
  {
    name: "accounts",
    summary: "list the accounts that look automated, and why",
    load: async () => (await import("./verbs/accounts.ts")).accounts,
  },
  {
    name: "explain",
    summary: "say what a name means in each way of coming in, which line decides, and since when",
    load: async () => (await import("./verbs/explain.ts")).explain,
  },
  {
    name: "policy",
    summary: "list and show the documents in force, and their schemas",
    load: async () => (await import("./verbs/policy.ts")).policy,
  },
  {
    name: "grant",
    summary: "say in plain words what rcwarden may do on this host, or write a Grant to begin with",
    load: async () => (await import("./verbs/grant.ts")).grant,
  },
  {
    name: "except",
    summary: "waive one finding until a day, with a reason",
    load: async () => (await import("./verbs/except.ts")).except,
  },
  {
    name: "baseline",
    summary: "accept an account's startup files as they are, and say what is otherwise since",
    load: async () => (await import("./verbs/baseline.ts")).baseline,
  },
  {
    name: "cleanup",
    summary: "say which files Retentions let go and why others stay, and remove what a plan said",
    load: async () => (await import("./verbs/cleanup.ts")).cleanup,
  },
  {
    name: "agent",
    summary: "watch, measure again what changed, keep what was found and tell it",
    load: async () => (await import("./verbs/agent.ts")).agent,
  },
  {
    name: "status",
    summary: "say how this host stands, as its agent knows it",
    load: async () => (await import("./verbs/status.ts")).status,
  },
  {
    name: "events",
    summary: "print what changed on this host, and what was sent of it",
    load: async () => (await import("./verbs/events.ts")).events,
  },
  {
    name: "sessions",
    summary: "say which commands of SSH sessions wait for what nobody gives, and what to do",
    load: async () => (await import("./verbs/sessions.ts")).sessions,
  },
  {
    name: "doctor",
    summary: "say whether rcwarden itself can work here, and what mends it",
    load: async () => (await import("./verbs/doctor.ts")).doctor,
  },
  {
    name: "support-bundle",
    summary: "write one redacted file for whoever helps you, and say what is in it",
    load: async () => (await import("./verbs/support-bundle.ts")).supportBundle,
  },
  {
    name: "completion",
    summary: "print what completes rcwarden's words in bash, zsh or fish",
    load: async () => (await import("./verbs/completion.ts")).completion,
  },
];

const exitCodes = `
Exit codes:
  0  all determined, nothing failed
  1  something failed
  2  the call or a document is wrong
  3  something could not be determined, nothing failed
`;

/**
 * One call, from its arguments to its exit code. Never throws: what a person did wrong is one clear line and exit 2; a
 * fault of the program is one line that asks to report it, and exit 2.
 */
export async function run(
  argv: readonly string[],
  io: Io,
  parts: () => Promise<Parts>,
  version: string,
): Promise<number> {
  const voice = voiceOf(io);
  try {
    return await called(argv, voice, parts, version);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    voice.remark(internalError(error));
    return 2;
  }
}

async function called(
  argv: readonly string[],
  voice: Voice,
  parts: () => Promise<Parts>,
  version: string,
): Promise<ExitCode> {
  // `help check` is `check --help`; the verb must be known before commander parses, so that only its file is loaded.
  const words = argv[0] === "help" && argv[1] !== undefined ? [argv[1], "--help"] : argv;
  let code: ExitCode = 2;
  const program = new Command("rcwarden");
  program
    .description(
      "Says what a service account's startup files do to an engine that comes in by SSH, and names the line.",
    )
    .version(`rcwarden ${version}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [verb]", "print the help of a verb")
    .addHelpText("after", exitCodes)
    .configureHelp({ subcommandTerm: (command) => command.name() });
  speakVia(program, voice, "rcwarden");
  for (const listed of verbs) {
    const command = program.command(listed.name).summary(listed.summary).description(capital(listed.summary));
    speakVia(command, voice, `rcwarden ${listed.name}`);
    if (listed.name !== words[0]) continue;
    const verb = await listed.load();
    verb.declare(command);
    command.allowExcessArguments(true).action(async () => {
      code = await verb.run(
        { flags: command.opts(), words: command.args },
        { voice, parts: await parts(), version, verbs: declared },
      );
    });
  }
  await program.parseAsync([...words], { from: "user" });
  return code;
}

/** Every verb's file is loaded: only for what is made from all of them. */
async function declared(): Promise<Declared[]> {
  const all = verbs.map(async ({ name, summary, load }) => {
    const { declare, actions = [] } = await load();
    const command = new Command(name);
    declare(command);
    return { name, summary, command, actions };
  });
  return Promise.all(all);
}

/** commander's words, one line a message, by our own way to the terminal; and never an exit of its own. */
function speakVia(command: Command, voice: Voice, name: string): void {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => voice.verbatim(text),
      writeErr: (text) => voice.remark(...text.replace(/\n$/, "").split("\n")),
      outputError: (text) => voice.remark(`${name}: ${oneLine(text)}`),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean (.*)\?\)$/s, "; did you mean $1?");
}

function capital(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

/** The program as it is started: the real streams, the real host, and the exit status. */
export async function main(argv: readonly string[], version: string): Promise<void> {
  const parts = async () => (await import("./real-parts.ts")).realParts();
  process.exit(await asProcess((_, io) => run(argv, io, parts, version)));
}
