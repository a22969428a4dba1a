/** The inside of words of the sh family: quotes, substitutions, array values. Moves `tokens.at`; see sh-cursor.ts. */

import type { Tokens } from "./cursor.ts";
import { breakOff, cursorOn, deeper } from "./cursor.ts";
import { ansi } from "./sh-ansi.ts";
import type { Part, Word } from "./syntax.ts";

/** `pattern`: parentheses belong to the word (case, `[[ x == ... ]]`); `expression`: bars as well (`[[ x =~ ... ]]`). */
export type WordKind = "word" | "pattern" | "expression";
/** Where a run of parts ends; `brace` ends at `}`, and within double quotes a single quote is a character. */
type Ends = WordKind | "double" | "brace" | "brace-in-double";

const runs: Readonly<Record<Ends, RegExp>> = {
  word: /[^ \t\n;&|<>()$`'"\\]+/y,
  pattern: /[^ \t\n;&|<>()$`'"\\]+/y,
  expression: /[^ \t\n()$`'"\\]+/y,
  double: /[^"$`\\]+/y,
  brace: /[^}$`'"\\]+/y,
  "brace-in-double": /[^}$`"\\]+/y,
};

/** The parts from here to where the word ends; none where it ends at once. */
export function shParts(tokens: Tokens, ends: Ends): Part[] {
  const { text, limit } = tokens;
  const quoted = ends === "double" || ends === "brace-in-double";
  const parts: Part[] = [];
  const start = tokens.at;
  const run = runs[ends];
  while (tokens.at < limit && tokens.broken === null) {
    run.lastIndex = tokens.at;
    if (run.test(text)) {
      const end = Math.min(run.lastIndex, limit);
      parts.push({ kind: "text", text: text.slice(tokens.at, end), quoted });
      tokens.at = end;
      continue;
    }
    const c = text[tokens.at];
    if (c === "\\") parts.push(...backslash(tokens, ends));
    else if (c === "$") parts.push(...dollar(tokens, quoted, ends === "double"));
    else if (c === "`") parts.push(backquoted(tokens, quoted));
    else if (c === "'" && !quoted) parts.push(single(tokens));
    else if (c === '"' && ends !== "double") parts.push(...double(tokens));
    else if (c === "(" && takesParenthesis(tokens, ends, start, parts))
      parts.push(...parenthesis(tokens, start, parts));
    else if ((c === "<" || c === ">") && text[tokens.at + 1] === "(" && ends === "word") parts.push(process(tokens));
    else break;
  }
  return parts;
}

function backslash(tokens: Tokens, ends: Ends): Part[] {
  const c = tokens.at + 1 < tokens.limit ? (tokens.text[tokens.at + 1] ?? "") : "";
  tokens.at += 1 + c.length;
  if (c === "\n") return [];
  const kept = (ends === "double" && !'$`"\\'.includes(c)) || (ends === "brace-in-double" && !'$`"\\}'.includes(c));
  return [{ kind: "text", text: kept || c === "" ? `\\${c}` : c, quoted: true }];
}

function single(tokens: Tokens): Part {
  const end = tokens.text.indexOf("'", tokens.at + 1);
  if (end < 0 || end >= tokens.limit) {
    breakOff(tokens, tokens.at, "a single quote without its end");
    return { kind: "odd", quoted: true };
  }
  const text = tokens.text.slice(tokens.at + 1, end);
  tokens.at = end + 1;
  return { kind: "text", text, quoted: true };
}

function double(tokens: Tokens): Part[] {
  const opened = tokens.at;
  tokens.at++;
  const parts = deeper(tokens, [], () => shParts(tokens, "double"));
  if (tokens.broken !== null) return parts;
  if (tokens.text[tokens.at] !== '"' || tokens.at >= tokens.limit) {
    breakOff(tokens, opened, "a double quote without its end");
    return parts;
  }
  tokens.at++;
  return parts.length > 0 ? parts : [{ kind: "text", text: "", quoted: true }];
}

/** An array's value, an extended or zsh pattern, zsh's `=(...)`: what makes a parenthesis belong to the word. */
function takesParenthesis(tokens: Tokens, ends: Ends, start: number, parts: readonly Part[]): boolean {
  if (ends === "pattern" || ends === "expression") return true;
  if (ends !== "word" || tokens.at === start) return false;
  if (arrayPrefix(tokens, start, parts)) return true;
  if ("?*+@!".includes(tokens.text[tokens.at - 1] ?? " ") && tokens.text[tokens.at + 1] !== ")") return true;
  return tokens.zsh && tokens.text[tokens.at + 1] !== ")";
}
const assigns = /^[A-Za-z_][A-Za-z0-9_]*\+?=$/;
function arrayPrefix(tokens: Tokens, start: number, parts: readonly Part[]): boolean {
  return parts.length === 1 && tokens.at - start < 256 && assigns.test(tokens.text.slice(start, tokens.at));
}

function parenthesis(tokens: Tokens, start: number, parts: readonly Part[]): Part[] {
  const from = tokens.at;
  if (arrayPrefix(tokens, start, parts)) {
    tokens.at++;
    return [{ kind: "array", items: deeper(tokens, [], () => tokens.grammar.array(tokens)) }];
  }
  const end = balanced(tokens, from, "(", ")");
  if (end < 0) {
    breakOff(tokens, from, "a parenthesis without its end");
    return [];
  }
  tokens.at = end;
  return [{ kind: "text", text: tokens.text.slice(from, end), quoted: false }];
}

/** The offset behind the bracket that closes the one at `from`, quotes skipped; -1 where there is none. */
function balanced(tokens: Tokens, from: number, open: string, close: string): number {
  const { text, limit } = tokens;
  let depth = 0;
  for (let at = from; at < limit; at++) {
    const c = text[at];
    if (c === "\\") at++;
    else if (c === "'" || c === '"') {
      const end = text.indexOf(c, at + 1);
      if (end < 0) return -1;
      at = end;
    } else if (c === open) depth++;
    else if (c === close && --depth === 0) return at + 1 <= limit ? at + 1 : -1;
  }
  return -1;
}

/** Looking for a bracket that may not be there costs; a file of openers is given up instead of costing its square. */
const mayLookAt = 8 * 1_048_576;
export function closed(tokens: Tokens, from: number, open: string, close: string): number {
  const end = balanced(tokens, from, open, close);
  tokens.looked += (end < 0 ? tokens.limit : end) - from;
  if (tokens.looked > mayLookAt) breakOff(tokens, from, "too many open brackets");
  return end;
}

function process(tokens: Tokens): Part {
  tokens.at += 2;
  const body = deeper(tokens, null, () => tokens.grammar.body(tokens));
  return { kind: "command", body, quoted: true };
}

function backquoted(tokens: Tokens, quoted: boolean): Part {
  const from = tokens.at + 1;
  let end = from;
  let escaped = false;
  while (end < tokens.limit && tokens.text[end] !== "`") {
    if (tokens.text[end] === "\\") escaped = true;
    end += tokens.text[end] === "\\" ? 2 : 1;
  }
  if (end >= tokens.limit) {
    breakOff(tokens, tokens.at, "a backquote without its end");
    return { kind: "odd", quoted };
  }
  tokens.at = end + 1;
  // With backslashes the text that is run is not the text that stands there.
  if (escaped) return { kind: "command", body: null, quoted };
  const inner = cursorOn(tokens.text, tokens.zsh, tokens.grammar, from, end, tokens.deep + 1);
  const body = tokens.grammar.body(inner);
  return { kind: "command", body: inner.broken === null ? body : null, quoted };
}

const plainName = /[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]/y;
/** zsh: `$name[1]`, `$name:t`. */
const suffix = /(?:\[[^\]\n]{0,80}\])?((?::[a-zA-Z](?![A-Za-z0-9_]))*)/y;

function dollar(tokens: Tokens, quoted: boolean, inDouble: boolean): Part[] {
  const { text } = tokens;
  const from = tokens.at;
  const after = from + 1 < tokens.limit ? text[from + 1] : "";
  if (after === "'" && !quoted) return dollarQuote(tokens);
  if (after === '"' && !inDouble && !quoted) {
    tokens.at++;
    return double(tokens);
  }
  if (after === "(") return [dollarParenthesis(tokens, quoted)];
  if (after === "{") return [braced(tokens, quoted)];
  if (after === "[") {
    const end = closed(tokens, from + 1, "[", "]");
    tokens.at = end < 0 ? from + 1 : end;
    return [end < 0 ? { kind: "text", text: "$", quoted } : { kind: "odd", quoted }];
  }
  plainName.lastIndex = from + 1;
  const name = plainName.exec(text)?.[0];
  if (name !== undefined && plainName.lastIndex <= tokens.limit) {
    tokens.at = plainName.lastIndex;
    return [named(tokens, name, quoted)];
  }
  tokens.at = from + 1;
  // zsh: $+name, $=name, $~name, $^name.
  if (tokens.zsh && after !== "" && "+=~^".includes(after ?? " ") && /[A-Za-z_]/.test(text[from + 2] ?? "")) {
    plainName.lastIndex = from + 2;
    const flagged = plainName.exec(text)?.[0] ?? "";
    tokens.at = Math.min(plainName.lastIndex, tokens.limit);
    const part = named(tokens, flagged, quoted);
    return [after === "+" || part.kind !== "variable" ? { kind: "odd", quoted } : part];
  }
  return [{ kind: "text", text: "$", quoted }];
}

function named(tokens: Tokens, name: string, quoted: boolean): Part {
  if (!tokens.zsh) return { kind: "variable", name, op: "", argument: null, quoted };
  suffix.lastIndex = tokens.at;
  const found = suffix.exec(tokens.text);
  if (found === null || suffix.lastIndex > tokens.limit || found[0] === "")
    return { kind: "variable", name, op: "", argument: null, quoted };
  if (quoted && !found[0].startsWith("[")) return { kind: "variable", name, op: "", argument: null, quoted };
  tokens.at = suffix.lastIndex;
  const op = found[0].startsWith("[") ? "odd" : (found[1] ?? "");
  return { kind: "variable", name, op, argument: null, quoted };
}

function dollarQuote(tokens: Tokens): Part[] {
  let end = tokens.at + 2;
  while (end < tokens.limit && tokens.text[end] !== "'") end += tokens.text[end] === "\\" ? 2 : 1;
  if (end >= tokens.limit) {
    breakOff(tokens, tokens.at, "a single quote without its end");
    return [];
  }
  const text = ansi(tokens.text.slice(tokens.at + 2, end));
  tokens.at = end + 1;
  return [{ kind: "text", text, quoted: true }];
}

function dollarParenthesis(tokens: Tokens, quoted: boolean): Part {
  if (tokens.text[tokens.at + 2] === "(") {
    const end = closed(tokens, tokens.at + 1, "(", ")");
    if (end >= 0 && tokens.text[end - 2] === ")") {
      tokens.at = end;
      return { kind: "odd", quoted };
    }
  }
  tokens.at += 2;
  return { kind: "command", body: deeper(tokens, null, () => tokens.grammar.body(tokens)), quoted };
}

const parameter = /\$\{([!#+^=~]?)([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(?=[:}\-=+?#%/^,@[~])/y;
const operation = /:[-=+?]|[-=+?]|##?|%%?|((?::[a-zA-Z])+)(?=\})/y;

/** `${...}`: what is not the plain value, a default or a cut is `odd`, read to its end all the same. */
function braced(tokens: Tokens, quoted: boolean): Part {
  const opened = tokens.at;
  parameter.lastIndex = opened;
  const found = parameter.exec(tokens.text);
  tokens.at = found === null ? opened + 2 : Math.min(parameter.lastIndex, tokens.limit);
  operation.lastIndex = tokens.at;
  const op = found === null ? undefined : operation.exec(tokens.text)?.[0];
  if (op !== undefined) tokens.at = Math.min(operation.lastIndex, tokens.limit);
  const start = tokens.at;
  const parts = deeper(tokens, [], () => shParts(tokens, quoted ? "brace-in-double" : "brace"));
  if (tokens.broken !== null) return { kind: "odd", quoted };
  if (tokens.text[tokens.at] !== "}" || tokens.at >= tokens.limit) {
    breakOff(tokens, opened, "a brace without its end");
    return { kind: "odd", quoted };
  }
  const argument: Word = { start, end: tokens.at, parts };
  tokens.at++;
  const name = found?.[2];
  if (name === undefined) return { kind: "odd", quoted };
  if (found?.[1] !== "") return { kind: "variable", name, op: `${found?.[1]}name`, argument: null, quoted };
  if (op === undefined && start !== argument.end) return { kind: "variable", name, op: "odd", argument: null, quoted };
  return { kind: "variable", name, op: op ?? "", argument, quoted };
}
