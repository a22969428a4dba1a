/** What may go into a bundle that is sent to somebody else: the one redactor, over each text and each line. */
import { redacted } from "../../drift/index.ts";
import { jsonText } from "../../facts/index.ts";
import { printable } from "../text/printable.ts";

/** Longer than a line: the redactor looks at lines, and a key has many. */
const privateKey = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g;

export function harmlessText(text: string): string {
  return text
    .replace(privateKey, "[masked]")
    .split("\n")
    .map((line) => printable(redacted(line)))
    .join("\n");
}

export function harmlessJson(value: unknown): string {
  return `${jsonText(masked(value))}\n`;
}

function masked(value: unknown): unknown {
  if (typeof value === "string") return harmlessText(value);
  if (Array.isArray(value)) return value.map(masked);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, saysSecret(name) ? "[masked]" : masked(each)]),
  );
}

/** A field whose name says that a secret is in it, whatever it looks like. No field of ours does; a document's might. */
function saysSecret(name: string): boolean {
  return /passw|passphrase|secret|token$|credential|api[-_]?key/i.test(name);
}
