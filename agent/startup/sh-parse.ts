/**
 * The grammar of the sh family: POSIX shell language 2.10 with what bash(1) and zshmisc(1) add. One unit is what the
 * shell reads before it runs anything of it: the commands up to the end of a line that is an end for all of them.
 */
import type { Grammar, Tokens } from "./cursor.ts";
import { breakOff, cursorOn, deeper, isOp, isWord, peek, skipNewlines, take, unexpected } from "./cursor.ts";
import { anyCommand, type Command } from "./sh-compound.ts";
import { shNext } from "./sh-tokens.ts";
import type { Item, List, Node, Unit, Word } from "./syntax.ts";

const grammar: Grammar = {
  next: shNext,
  body(tokens) {
    const list = listUntil(tokens, (inner) => isOp(inner, ")"));
    // A backquoted command has its own limit and no parenthesis.
    if (isOp(tokens, ")")) take(tokens);
    else if (tokens.limit === tokens.text.length || peek(tokens).kind !== "end") unexpected(tokens);
    return list;
  },
  array(tokens) {
    const items: Word[] = [];
    for (;;) {
      const token = take(tokens);
      if (token.kind === "word") items.push(token.word);
      else if (token.kind === "op" && token.op === ")") return items;
      else if (token.kind !== "newline") {
        breakOff(tokens, token.start, "a parenthesis without its end");
        return items;
      }
    }
  },
};

/** After so many places where the text makes no sense, what follows the next one is left alone. */
const freshStarts = 5;

/**
 * The units of a file, in order. Where one makes no sense it says so, and reading goes on with the line below its first,
 * a few times: the shell may not come there, but a person will want to see what stands there.
 */
export function* shUnits(text: string, zsh: boolean): Generator<Unit> {
  let from = 0;
  for (let starts = 0; from < text.length; starts++) {
    const tokens = cursorOn(text, zsh, grammar, from);
    for (;;) {
      skipNewlines(tokens);
      const start = peek(tokens).start;
      if (peek(tokens).kind === "end" && tokens.broken === null) return;
      const list = unit(tokens);
      yield { list, start, broken: tokens.broken };
      if (tokens.broken === null) continue;
      if (starts >= freshStarts) return;
      const line = text.indexOf("\n", start);
      if (line < 0) return;
      from = line + 1;
      break;
    }
  }
}

function unit(tokens: Tokens): List {
  const items: Item[] = [];
  while (peek(tokens).kind !== "newline" && peek(tokens).kind !== "end") {
    if (!item(tokens, items)) {
      if (tokens.broken === null) unexpected(tokens);
      break;
    }
  }
  return tokens.broken === null ? items : [];
}

/** One command and what separates it from the next. False where the list ends. */
function item(tokens: Tokens, items: Item[]): boolean {
  const node = logic(tokens);
  if (node === null) return false;
  const token = peek(tokens);
  const background = token.kind === "op" && ["&", "&!", "&|"].includes(token.op);
  items.push({ node, background });
  if (background || isOp(tokens, ";")) {
    take(tokens);
    return true;
  }
  if (token.kind === "newline" || token.kind === "end") return true;
  // A unit's caller sees what stands here; within a list its end is asked for.
  return false;
}

function listUntil(tokens: Tokens, isEnd: (tokens: Tokens) => boolean): List {
  const items: Item[] = [];
  for (;;) {
    skipNewlines(tokens);
    if (peek(tokens).kind === "end" || isEnd(tokens)) return items;
    if (!item(tokens, items)) return items;
  }
}

function logic(tokens: Tokens): Node | null {
  const first = pipeline(tokens);
  if (first === null) return null;
  const rest: { op: "&&" | "||"; node: Node }[] = [];
  while (isOp(tokens, "&&") || isOp(tokens, "||")) {
    const op = isOp(tokens, "&&") ? "&&" : "||";
    take(tokens);
    skipNewlines(tokens);
    const node = pipeline(tokens);
    if (node === null) return null;
    rest.push({ op, node });
  }
  return rest.length === 0 ? first : { kind: "logic", start: first.start, end: tokens.taken, first, rest };
}

function pipeline(tokens: Tokens): Node | null {
  const { start } = peek(tokens);
  let negated = false;
  let prefixed = false;
  while (isWord(tokens, "!") || isWord(tokens, "time") || isWord(tokens, "coproc")) {
    if (isWord(tokens, "!")) negated = !negated;
    prefixed = true;
    take(tokens);
    if (isWord(tokens, "-p")) take(tokens);
  }
  const commands: Node[] = [];
  for (;;) {
    const node = command(tokens);
    if (node === null) return null;
    commands.push(node);
    if (!isOp(tokens, "|") && !isOp(tokens, "|&")) break;
    take(tokens);
    skipNewlines(tokens);
  }
  const [only] = commands;
  if (commands.length === 1 && only !== undefined && !prefixed) return only;
  return { kind: "pipeline", start, end: tokens.taken, negated, commands };
}

const parts: Command = { listUntil, logic, command };

function command(tokens: Tokens): Node | null {
  return deeper(tokens, null, () => anyCommand(tokens, parts));
}
