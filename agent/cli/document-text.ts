import { parseDocument } from "yaml";

/**
 * The text of one document of a file, as it stands. A file may hold several, parted by `---` at the start of a line
 * (YAML 1.2, 9.1.2: such a line ends a document whatever it stands in). The whole text where it cannot be told.
 */
export function documentText(text: string, kind: string, name: string): string {
  const parts = text.split(/^(?=---(?:\s|$))/mu);
  const own = parts.find((part) => {
    const head: unknown = parseDocument(part, { schema: "failsafe", logLevel: "silent" }).toJS({ maxAliasCount: 100 });
    return isNamed(head, kind, name);
  });
  return (own ?? text).replace(/^---\s*\n/u, "");
}

function isNamed(head: unknown, kind: string, name: string): boolean {
  if (typeof head !== "object" || head === null || !("kind" in head) || !("metadata" in head)) return false;
  const { metadata } = head;
  return (
    head.kind === kind &&
    typeof metadata === "object" &&
    metadata !== null &&
    "name" in metadata &&
    metadata.name === name
  );
}
