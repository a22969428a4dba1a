import type { Command } from "commander";
import { checkKinds } from "../../checks/index.ts";
import {
  anyOf,
  closest,
  type DocumentSet,
  documentKinds,
  documentSchemas,
  documentsInForce,
  type Engine,
  type Policy,
  problemsSummary,
  problemText,
  type Retention,
} from "../../documents/index.ts";
import { documentText } from "../document-text.ts";
import { policyList } from "../text/policy.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

const actions = ["list", "show", "schema"] as const;

export const policy: Verb = { declare, run, actions };

function declare(command: Command): void {
  command
    .description(
      "Says which documents are in force on this host: what engines send, what must hold for their accounts, and which files need not stay.",
    )
    .usage("list [--json] | show NAME | schema [KIND]")
    .argument("[action]", "list the documents, show one as it stands, or print the schema of a kind")
    .argument("[name]", "a document's name (show), or a kind (schema)")
    .option("--json", "print the list as JSON")
    .addHelpText(
      "after",
      examples([
        ["rcwarden policy list", "what applies here, and where it comes from"],
        ["rcwarden policy show unattended-ssh", "one document, as a start for your own"],
        ["rcwarden policy schema Policy", "JSON Schema, for an editor that completes and checks"],
      ]),
    );
}

async function run({ flags, words }: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  const [action, name, stray] = words;
  if (action === undefined) return refuse(`expected ${anyOf(actions)}, found nothing`);
  if (stray !== undefined) return refuse(`expected one name, found "${stray}" as well`);
  if (action !== "list" && flags.json === true)
    return refuse("expected --json with list only: show and schema have one form");
  if (action === "schema") return schema();
  if (action !== "list" && action !== "show") {
    return refuse(`expected ${anyOf(actions)}, found "${action}"${meant(action, actions)}`);
  }

  const loaded = await parts.documents([]);
  if (loaded.kind === "problems") {
    voice.remark(...loaded.problems.map(problemText), problemsSummary(loaded.problems, loaded.documents));
    return 2;
  }
  return action === "list" ? list(loaded.set) : show(loaded.set);

  function list(set: DocumentSet): ExitCode {
    if (name !== undefined) return refuse(`expected no name with list, found "${name}"; did you mean show ${name}?`);
    const inForce: readonly Document[] = [...documentsInForce(set), ...set.retentions];
    const documents = documentsOf(set).map((document) => ({
      kind: document.kind,
      name: document.name,
      description: document.description,
      inForce: inForce.includes(document),
      ...document.origin,
    }));
    if (flags.json === true) voice.json({ apiVersion: "rcwarden/v1", kind: "Documents", documents });
    else voice.answer(policyList(documents));
    return 0;
  }

  async function show(set: DocumentSet): Promise<ExitCode> {
    const all = documentsOf(set);
    if (name === undefined)
      return refuse(`expected the name of a document, found nothing; rcwarden policy list has them`);
    const found = all.filter((document) => document.name === name);
    if (found.length === 0) {
      const near = meant(
        name,
        all.map((document) => document.name),
      );
      return refuse(`expected the name of a document, found "${name}"${near || "; rcwarden policy list has them"}`);
    }
    for (const { kind, origin } of found) {
      const text = documentText(await parts.read(origin.file), kind, name);
      voice.verbatim(`# ${kind} ${name}, ${origin.shipped ? "shipped with rcwarden: " : ""}${origin.file}\n${text}`);
    }
    return 0;
  }

  function schema(): ExitCode {
    const kinds = documentKinds.map(({ kind }) => kind);
    const schemas = documentSchemas(checkKinds);
    const of = (kind: string) => schemas[`${kind.toLowerCase()}.json`];
    if (name !== undefined && !kinds.some((kind) => kind === name)) {
      return refuse(`expected ${anyOf(kinds)}, found "${name}"${meant(name, kinds)}`);
    }
    voice.json(name === undefined ? Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) : of(name));
    return 0;
  }

  function refuse(problem: string): ExitCode {
    voice.remark(`rcwarden policy: ${problem}`);
    return 2;
  }
}

type Document = Policy | Engine | Retention;

function documentsOf({ policies, engines, retentions }: DocumentSet): readonly Document[] {
  return [...policies, ...engines, ...retentions];
}

function meant(word: string, list: readonly string[]): string {
  const near = closest(word, list);
  return near === null ? "" : `; did you mean ${near}?`;
}
