import { join, resolve } from "node:path";
import type { Command } from "commander";
import { anyOf, closest, problemsSummary, problemText } from "../../documents/index.ts";
import { unknownAccount } from "../../runs/whom.ts";
import type { Parts } from "../parts.ts";
import { grantDocument } from "../text/document.ts";
import { grantJson, grantText } from "../text/grant.ts";
import { type Call, type ExitCode, examples, gather, type Surroundings, texts, type Verb } from "../verb.ts";

const actions = ["show", "init"] as const;

export const grant: Verb = { declare, run, actions };

function declare(command: Command): void {
  command
    .description(
      "Says in plain words what rcwarden may do on this host: whom it may measure, what it shows and sends. That is the word of the host's owner, whatever policies say.",
    )
    .usage("[show] [--json] | init [--account NAME]... [--print]")
    .argument("[action]", "show what holds (default), or write a Grant to begin with")
    .option("--account <name>", "init: an account that may be measured (repeatable); default: all", gather)
    .option("--print", "init: print the Grant instead of writing it")
    .option("--config <folder>", "the host owner's documents, instead of /etc/rcwarden")
    .option("--json", "show: print it as JSON")
    .addHelpText(
      "after",
      examples([
        ["rcwarden grant", "what rcwarden may do here"],
        ["rcwarden grant init --account oracle", "allow one account, as root: writes /etc/rcwarden/grant.yaml"],
        ["rcwarden grant init --print", "a Grant to read, and to put under version control"],
      ]),
    );
}

async function run({ flags, words }: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  const [action = "show", ...strays] = words;
  const config = typeof flags.config === "string" ? resolve(flags.config) : null;
  const accounts = texts(flags.account);
  if (strays.length > 0) return refuse([`expected one word, found "${strays.join(" ")}" as well`]);
  if (action === "show") {
    const ofInit = [...(accounts.length > 0 ? ["--account"] : []), ...(flags.print === true ? ["--print"] : [])];
    return ofInit.length > 0 ? refuse(ofInit.map((flag) => `${flag}: expected it with init only`)) : show();
  }
  if (action === "init") return flags.json === true ? refuse(["--json: expected it with show only"]) : init();
  const near = closest(action, actions);
  return refuse([`expected ${anyOf(actions)}, found "${action}"${near === null ? "" : `; did you mean ${near}?`}`]);

  async function show(): Promise<ExitCode> {
    const loaded = await parts.configuration(config);
    const page = { hostName: parts.hostName, host: loaded.host, viewers: await parts.group("rcwarden") };
    const problems = loaded.kind === "problems" ? loaded.problems.map(problemText) : [];
    if (flags.json === true) voice.json(grantJson(page, problems));
    else voice.answer(grantText(page));
    if (loaded.kind === "documents") return 0;
    voice.remark(...problems, problemsSummary(loaded.problems, loaded.documents));
    return 2;
  }

  async function init(): Promise<ExitCode> {
    const unknown = await unknownOf(accounts, parts);
    if (unknown.length > 0) return refuse(unknown);
    const text = grantDocument(nameOf(parts.hostName), accounts.length === 0 ? null : [...new Set(accounts)]);
    if (flags.print === true) {
      voice.verbatim(text);
      return 0;
    }
    const folder = config ?? parts.hostFolder;
    if (config === null && parts.callerUid !== 0)
      return refuse([`expected root, whose ${folder} is, found uid ${parts.callerUid}; use sudo, or --print`]);
    const { host, ...loaded } = await parts.configuration(config);
    if (host.grant.kind === "grant") return refuse([exists(host.grant.grant.origin.file)]);
    if (host.grant.kind === "broken" && loaded.kind === "problems") {
      voice.remark(...loaded.problems.map(problemText));
      return refuse(["expected a host without a Grant, found the above, which is one or may be one; mend it first"]);
    }
    const file = join(folder, "grant.yaml");
    const written = parts.files.create(file, text);
    if (written.kind === "exists") return refuse([exists(file)]);
    if (written.kind !== "written") return refuse(written.kind === "failed" ? [written.problem] : written.problems);
    voice.answer([[`${file} written: read it, change what should be narrower, and see rcwarden grant`]]);
    return 0;
  }

  function exists(file: string): string {
    return `${file}: expected no Grant yet, found one; edit it, or see a new one with --print`;
  }

  function refuse(problems: readonly string[]): ExitCode {
    voice.remark(...problems.map((problem) => `rcwarden grant: ${problem}`));
    return 2;
  }
}

/** A mistyped name in a Grant would keep the right account from being measured. */
async function unknownOf(names: readonly string[], parts: Parts): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const name of new Set(names)) {
    const answer = await parts.account(name);
    if (answer.kind === "absent") problems.push(await unknownAccount(name, parts));
    if (answer.kind === "unavailable") problems.push(`--account: ${name}: ${answer.why}`);
  }
  return problems;
}

/** The host's name, where it is a document's name as well. */
function nameOf(hostName: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(hostName) ? hostName : "this-host";
}
