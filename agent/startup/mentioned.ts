/**
 * Files that startup reads by another program: `eval "$(cat FILE)"`, `. <(TOOL FILE)`, `done < FILE`. What comes of them is
 * only known when it runs, but where one of them changes, so may that.
 */
import { fieldsOf } from "./expand.ts";
import type { List, Node, Part, Redirect, Simple, Word } from "./syntax.ts";
import { plain } from "./syntax.ts";
import { isLive, type Walk } from "./walk.ts";

/** Words of these become commands of the shell itself. */
const readers = ["eval", "source", "."];

/** Asks about the files that a command reads and then runs, so that they count as what the reading depends on. */
export function askAboutMentioned(walk: Walk, { words, redirects }: Simple): void {
  if (!isLive(walk)) return;
  askAboutInput(walk, redirects);
  const [first, ...rest] = words;
  if (first === undefined || !readers.includes(plain(first) ?? "")) return;
  for (const word of rest) for (const inner of word.parts.flatMap(commandsIn)) ask(walk, inner.words);
}

/** What is read from a file may be run line by line. */
export function askAboutInput(walk: Walk, redirects: readonly Redirect[]): void {
  if (!isLive(walk)) return;
  ask(
    walk,
    redirects.flatMap(({ op, target }) => (op === "<" && target !== null ? [target] : [])),
  );
}

function ask(walk: Walk, words: readonly Word[]): void {
  for (const { text } of fieldsOf(words, walk.ground))
    if (text?.startsWith("/") && !text.includes("\0") && --walk.steps > 0) walk.ground.files.ask("f", text);
}

function commandsIn(part: Part): Simple[] {
  if (part.kind === "array") return part.items.flatMap(({ parts }) => parts.flatMap(commandsIn));
  return part.kind === "command" && part.body !== null ? simplesIn(part.body) : [];
}

function simplesIn(list: List): Simple[] {
  return list.flatMap(({ node }) => simplesOf(node));
}

function simplesOf(node: Node): Simple[] {
  if (node.kind === "simple") return [node, ...node.words.flatMap(({ parts }) => parts.flatMap(commandsIn))];
  if (node.kind === "pipeline") return node.commands.flatMap(simplesOf);
  if (node.kind === "logic") return [node.first, ...node.rest.map((next) => next.node)].flatMap(simplesOf);
  return node.kind === "group" ? simplesIn(node.body) : [];
}
