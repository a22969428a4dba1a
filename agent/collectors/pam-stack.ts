/** Reads PAM's configuration (pam.conf(5)), as far as it must be known what a session is given. Pure. */

export type PamType = "auth" | "account" | "password" | "session";

export interface PamLine {
  readonly type: PamType;
  /** The module's name without folder and `.so`: `pam_env`. */
  readonly module: string;
  readonly args: readonly string[];
  /** An earlier line may skip this one or end the stack before it: whether it runs is not known. */
  readonly uncertain: boolean;
}

export interface PamStack {
  readonly lines: readonly PamLine[];
  /** Files that the stack names and that could not be read. */
  readonly unread: readonly string[];
}

interface Statement {
  readonly type: PamType | "@include";
  readonly control: string;
  readonly target: string;
  readonly args: readonly string[];
}

const types: readonly string[] = ["auth", "account", "password", "session"];
const maxDepth = 16;

/** All lines of a service with what it includes, in order. `read` gives a file's text, or null. */
export function pamStack(service: string, read: (path: string) => string | null): PamStack {
  const unread: string[] = [];
  const lines: PamLine[] = [];
  let skippable: Record<string, number> = {};

  const walk = (name: string, only: PamType | null, depth: number): void => {
    const text = textOf(name, read);
    if (text === null || depth > maxDepth) {
      unread.push(name);
      return;
    }
    for (const statement of statementsOf(text)) {
      if (statement.type === "@include") walk(statement.target, only, depth + 1);
      else if (only === null || statement.type === only) take(statement, statement.type, depth);
    }
  };

  const take = (statement: Statement, type: PamType, depth: number): void => {
    const skips = skippable[type] ?? 0;
    skippable[type] = Math.max(0, skips - 1);
    if (statement.control === "include" || statement.control === "substack") {
      const before = lines.length;
      walk(statement.target, type, depth + 1);
      // A jump over an include is over all that it holds.
      if (skips > 0)
        for (const [at, line] of lines.entries()) if (at >= before) lines[at] = { ...line, uncertain: true };
      return;
    }
    lines.push({ type, module: moduleOf(statement.target), args: statement.args, uncertain: skips > 0 });
    skippable = { ...skippable, [type]: Math.max(skippable[type] ?? 0, maySkip(statement.control)) };
  };

  walk(service, null, 0);
  return { lines, unread };
}

/** The folder of the host's owner wins over the distribution's. */
function textOf(name: string, read: (path: string) => string | null): string | null {
  if (name.startsWith("/")) return read(name);
  return read(`/etc/pam.d/${name}`) ?? read(`/usr/lib/pam.d/${name}`) ?? read(`/usr/share/pam.d/${name}`);
}

function statementsOf(text: string): Statement[] {
  const joined = text.replaceAll(/\\\r?\n/g, " ");
  return joined.split("\n").flatMap((line): Statement[] => {
    // A `#` begins a comment also at the end of a line; words with blanks stand in brackets.
    const words = line.replace(/#.*/, "").match(/\[(?:\\\]|[^\]])*\]|\S+/g) ?? [];
    const [first, second, third, ...rest] = words;
    if (first === undefined || second === undefined) return [];
    if (first === "@include") return [{ type: "@include", control: "", target: second, args: [] }];
    const type = first.replace(/^-/, "").toLowerCase();
    if (third === undefined || !isType(type)) return [];
    return [{ type, control: second.toLowerCase(), target: third, args: rest.map(unbracketed) }];
  });
}

function isType(word: string): word is PamType {
  return types.includes(word);
}

function unbracketed(word: string): string {
  return word.startsWith("[") ? word.slice(1, -1).replaceAll("\\]", "]") : word;
}

function moduleOf(target: string): string {
  return target.replace(/^.*\//, "").replace(/\.so$/, "");
}

/** How many of the next lines a control may jump over; a control that may end the stack in success, all of them. */
function maySkip(control: string): number {
  if (control === "sufficient") return Number.POSITIVE_INFINITY;
  if (!control.startsWith("[")) return 0;
  const jumps = [...control.matchAll(/=(\d+)/g)].map(([, count]) => Number(count));
  return control.includes("success=done") ? Number.POSITIVE_INFINITY : Math.max(0, ...jumps);
}
