/** policies/README.md, rendered from the registries: what can be asked, what is shipped, what an engine may send. */
import * as z from "zod";
import { type AnyCheckKind, checkKinds } from "../agent/checks/index.ts";
import { type AnyDocumentKind, documentKinds, documentSchemas } from "../agent/documents/index.ts";
import { placeholders, programs } from "../agent/documents/programs.ts";
import { cases, open } from "../test/e2e/catalogue/index.ts";

/** A cell of a table: what would end it is escaped. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function parameterRows(kind: AnyCheckKind): string[] {
  const schema = z.toJSONSchema(kind.parameters, { io: "input", unrepresentable: "any" });
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const about = typeof property === "object" ? property : {};
    const needed = schema.required?.includes(name) ? "must be given" : "";
    const usual = about.default === undefined ? needed : `\`${JSON.stringify(about.default)}\``;
    return `| \`${name}\` | ${cell(about.description ?? "")} | ${usual} |`;
  });
}

type Schema = Readonly<Record<string, unknown>>;

/** The keys of a kind's spec, each with what it says, as the schema has them: `sinks[].path`. */
function keyRows(schema: Schema, path: string): string[] {
  const options = [...schemasIn(schema.oneOf), ...schemasIn(schema.anyOf)];
  if (options.length > 0) return options.flatMap((option) => keyRows(option, path));
  const [items] = schemasIn([schema.items]);
  if (items !== undefined) return keyRows(items, `${path}[]`);
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(isSchema(schema.properties) ? schema.properties : {}).flatMap(([key, inner]) => {
    if (!isSchema(inner)) return [];
    const full = path === "" ? key : `${path}.${key}`;
    const usual = inner.default === undefined ? "" : `\`${JSON.stringify(inner.default)}\``;
    const row = `| \`${full}\` | ${cell(String(inner.description ?? ""))} | ${required.includes(key) ? "must be given" : usual} |`;
    return [row, ...keyRows(inner, full)];
  });
}

function schemasIn(list: unknown): Schema[] {
  return Array.isArray(list) ? list.filter(isSchema) : [];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindSection({ kind, summary, why, owner, livesIn, example }: AnyDocumentKind): string {
  const properties = documentSchemas(checkKinds)[`${kind.toLowerCase()}.json`]?.properties;
  const spec = isSchema(properties) && isSchema(properties.spec) ? properties.spec : {};
  // Options that are told apart by `kind` share keys: each is told once.
  const rows = [...new Set(keyRows(spec, ""))];
  return [
    `## ${kind}`,
    "",
    `${summary} ${why}`,
    "",
    `Written by ${owner}; lies in \`${livesIn}\`.`,
    "",
    "```yaml",
    example.trimEnd(),
    "```",
    "",
    "| in `spec` | | if left out |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function exampleLine({ says, with: given, fails, unknown = [] }: AnyCheckKind["examples"][number]): string {
  const parameters = Object.keys(given).length === 0 ? "" : ` (\`with: ${JSON.stringify(given)}\`)`;
  const verdict = fails.length > 0 ? "fails" : unknown.length > 0 ? "unknown" : "holds";
  return `- ${verdict}: ${says}${parameters}`;
}

function section(kind: AnyCheckKind): string {
  const rows = parameterRows(kind);
  const table = rows.length === 0 ? [] : ["| parameter | | if left out |", "| --- | --- | --- |", ...rows, ""];
  return [
    `### ${kind.id}`,
    "",
    `${kind.summary} ${kind.why}`,
    "",
    `About: ${kind.asksAbout}. What an engine suffers where it does not hold: ${kind.consequence}.`,
    "",
    ...table,
    ...kind.examples.map(exampleLine),
    "",
  ].join("\n");
}

/** Which check kind finds what is known from the field, and the test that shows it. */
function fieldRows(): string[] {
  const found = cases.map(({ id, title, check, status, session }) => {
    const how = status === "unknown" ? "undecided, with its line" : "found";
    const proof = session === undefined ? "e2e/catalogue" : "e2e/catalogue, beside a real session";
    return `| \`${id}\` | ${cell(title)} | \`${check}\` | ${how}: ${proof} |`;
  });
  const others = open.map(({ id, title, elsewhere, why }) => {
    if (elsewhere === undefined) return `| \`${id}\` | ${cell(title)} | | not found: ${why ?? ""} |`;
    return `| \`${id}\` | ${cell(title)} | \`${elsewhere.check}\` | found: ${elsewhere.test} |`;
  });
  return [...found, ...others];
}

export function catalogue(): string {
  const sent = programs.map(({ name, options, example }) => {
    const words = options.map((names) => `\`${names.join("` `")}\``).join(", ");
    return `| \`${name}\` | ${words} | \`${example}\` |`;
  });
  return `# Documents

Rendered by \`npm run docs\` from the registries of the program.

An \`Engine\` says how an engine comes in and what it sends; a \`Policy\` holds rules for accounts, and names engines. Documents
go to \`/etc/rcwarden/policies/\`, or to \`--policy PATH\`; with none there, the shipped \`unattended-ssh\` applies. A policy
brings in another one's rules by \`includes\`. A \`Retention\` says which files of an account need not stay. The schemas in
\`schema/\` make an editor complete and check.

The host's owner has documents of his own, which never stand among policies: a \`Grant\` says whom rcwarden may measure and
what it may show and send, an \`Exception\` waives one finding for a while, an \`Agent\` says how the agent goes about it.

${documentKinds.map(kindSection).join("\n")}
## What an engine may send

What is sent is words, no shell text: an optional \`\\\`, \`command\`, \`env\` or absolute path, a program, options of the
table, placeholders (${Object.entries(placeholders)
    .map(([name, says]) => `\`${name}\` ${says}`)
    .join(", ")}). It is tried on scratch files and judged by its effect. Any other
line must say \`try: resolve\`: then only what its first word means is asked.

| program | options | for example |
| --- | --- | --- |
${sent.join("\n")}

## What is known from the field

Ways in which startup files, aliases and the login environment break engines, gathered from public reports, and what finds each.

| | | check kind | proven by |
| --- | --- | --- | --- |
${fieldRows().join("\n")}

## Check kinds

${checkKinds.map(section).join("\n")}`;
}
