/** The walk itself: what a shell does with each kind of command, in three-valued words. */
import { cshExpression, testKeyword } from "./conditions.ts";
import { fieldsOf, itemsOf, patternOf, valueOfWord } from "./expand.ts";
import { families } from "./families.ts";
import { matches } from "./glob.ts";
import { addBlock, addOpen, addReturn, isForNobody, isForPeople, stays } from "./guards.ts";
import { askAboutInput, askAboutMentioned } from "./mentioned.ts";
import { knows } from "./sh-dialect.ts";
import { redirected } from "./streams.ts";
import type {
  Arm,
  Case,
  Condition,
  Define,
  For,
  If,
  Item,
  List,
  Logic,
  Node,
  Pipeline,
  Simple,
  While,
  Word,
} from "./syntax.ts";
import { plain } from "./syntax.ts";
import { not, type Truth, textValue, truth, unknown } from "./values.ts";
import {
  aside,
  doubt,
  freshFlow,
  isLive,
  leave,
  note,
  oneOf,
  perhaps,
  reached,
  sourceOf,
  unreached,
  type Walk,
  within,
} from "./walk.ts";

export function walkList(walk: Walk, list: List): Truth {
  let last: Truth = "yes";
  for (const item of list) last = item.background ? background(walk, item) : walkNode(walk, item.node);
  return last;
}

function background(walk: Walk, { node }: Item): Truth {
  note(walk, node, { kind: "background", name: firstWord(walk, node), value: null });
  // Without a terminal of its own a background job reads from nowhere.
  aside(walk, { ...walk.streams, in: null }, () => walkNode(walk, node));
  return "yes";
}

/** The word of the command that a person would name, for `(a; b) &` the first. */
function firstWord(walk: Walk, node: Node): string | null {
  if (node.kind === "simple") {
    const [first] = fieldsOf(node.words.slice(0, 1), walk.ground);
    return first?.text ?? null;
  }
  const inner = innermost(node);
  return inner === undefined ? null : firstWord(walk, inner);
}

function innermost(node: Node): Node | undefined {
  if (node.kind === "pipeline") return node.commands[0];
  if (node.kind === "logic") return node.first;
  if (node.kind === "group" || node.kind === "for") return node.body[0]?.node;
  if (node.kind === "while") return (node.condition.kind === "list" ? node.condition.list[0] : node.body[0])?.node;
  return node.kind === "if" ? node.branches[0]?.body[0]?.node : undefined;
}

export function walkNode(walk: Walk, node: Node): Truth {
  if (--walk.steps < 0) {
    doubt(walk, "over-ceiling", "the startup files do more than is followed");
    return "maybe";
  }
  switch (node.kind) {
    case "simple":
      return simple(walk, node);
    case "pipeline":
      return pipeline(walk, node);
    case "logic":
      return logic(walk, node);
    case "function":
      return define(walk, node);
    default:
      return compound(walk, node);
  }
}

type Compound = Exclude<Node, Simple | Pipeline | Logic | Define>;

function compound(walk: Walk, node: Compound): Truth {
  const { streams } = redirected(walk, node.redirects);
  if (node.redirects.length === 0) return bare(walk, node);
  askAboutInput(walk, node.redirects);
  return within(walk, { streams }, () => bare(walk, node));
}

function bare(walk: Walk, node: Compound): Truth {
  switch (node.kind) {
    case "group":
      if (node.subshell) return aside(walk, walk.streams, () => walkList(walk, node.body)) ?? "maybe";
      return node.nameless ? asFrame(walk, () => walkList(walk, node.body)) : walkList(walk, node.body);
    case "if":
      return conditional(walk, node);
    case "case":
      return selection(walk, node);
    case "for":
      return iteration(walk, node);
    case "while":
      return repetition(walk, node);
    case "test":
      for (const item of node.items) if (typeof item !== "string") substitutions(walk, item, node);
      note(walk, node, { kind: "test", name: "[[", value: null });
      if (!knows(walk.shell, "[[")) return "no";
      return testKeyword(node.items, walk.ground, walk.cwd);
    case "arithmetic":
      note(walk, node, { kind: "test", name: "((", value: null });
      return "maybe";
  }
}

/** What `return` ends: a file, a function. */
function asFrame<T>(walk: Walk, inner: () => T): T {
  const { frame } = walk.flow;
  walk.flow.frame = "no";
  const made = within(walk, { base: frame === "maybe" && walk.base === "yes" ? "maybe" : walk.base }, inner);
  walk.flow.frame = frame;
  return made;
}

function simple(walk: Walk, node: Simple): Truth {
  for (const { value } of node.assignments) if (value !== null) substitutions(walk, value, node);
  for (const word of node.words) substitutions(walk, word, node);
  askAboutMentioned(walk, node);
  return families[walk.ground.syntax].command(walk, node, callFunction);
}

/** Commands within words run in a subshell that tells its stdout to the word. */
function substitutions(walk: Walk, word: Word, at: { readonly start: number; readonly end: number }): void {
  for (const part of word.parts) {
    if (part.kind === "array") for (const item of part.items) substitutions(walk, item, at);
    if (part.kind === "variable" && part.argument !== null) substitutions(walk, part.argument, at);
    if (part.kind === "variable" && part.name === "<" && walk.streams.in !== null)
      note(walk, at, { kind: "read", name: "$<", value: null });
    const body = part.kind === "command" ? part.body : null;
    if (body !== null && --walk.steps > 0) aside(walk, { ...walk.streams, out: null }, () => walkList(walk, body));
  }
}

function pipeline(walk: Walk, { commands, negated }: Pipeline): Truth {
  const { streams } = walk;
  let last: Truth = "maybe";
  for (const [at, command] of commands.entries()) {
    const own = {
      ...streams,
      in: at === 0 ? streams.in : null,
      out: at === commands.length - 1 ? streams.out : null,
    };
    // The last one of zsh's pipelines runs in the shell itself.
    const here = commands.length === 1 || (walk.ground.zsh && at === commands.length - 1);
    last = here
      ? within(walk, { streams: own }, () => walkNode(walk, command))
      : (aside(walk, own, () => walkNode(walk, command)) ?? "maybe");
  }
  return negated ? not(last) : last;
}

function logic(walk: Walk, node: Logic): Truth {
  const stayed = stays(walk);
  let result = walkNode(walk, node.first);
  for (const { op, node: next } of node.rest) {
    const runs = op === "&&" ? result : not(result);
    if (runs === "yes") result = walkNode(walk, next);
    else if (runs === "no") unreached(walk, () => walkNode(walk, next));
    else {
      const then = perhaps(walk, () => walkNode(walk, next)) ?? "maybe";
      result = then === (op === "&&" ? "no" : "yes") ? then : "maybe";
    }
  }
  if (stayed && !stays(walk) && isForPeople(walk, node.first.start, node.end)) addReturn(walk, node);
  else if (stayed) addOpen(walk, node);
  return result;
}

function condition(walk: Walk, asked: Condition): Truth {
  if (asked.kind === "list") return walkList(walk, asked.list);
  for (const item of asked.items) if (typeof item !== "string") substitutions(walk, item, item);
  return cshExpression(asked.items, walk.ground, walk.cwd);
}

function conditional(walk: Walk, node: If): Truth {
  const stayed = stays(walk);
  const result = branches(walk, node, 0);
  const [first] = node.branches;
  const asked = first === undefined ? node.end : (first.body[0]?.node.start ?? first.end);
  if (stayed && !stays(walk) && isForPeople(walk, node.start, asked)) addReturn(walk, node);
  else if (stayed) addOpen(walk, node);
  return result;
}

function branches(walk: Walk, node: If, at: number): Truth {
  const branch = node.branches[at];
  if (branch === undefined) return node.otherwise === null ? "yes" : walkList(walk, node.otherwise);
  const result = condition(walk, branch.condition);
  const [first] = branch.body;
  if (result === "yes") {
    const made = walkList(walk, branch.body);
    unreached(walk, () => branches(walk, node, at + 1));
    return made;
  }
  if (result === "no") {
    const [from, to] = [branch.start, first?.node.start ?? branch.start];
    if (isForPeople(walk, from, to) && !isForNobody(walk, from, to)) addBlock(walk, branch);
    unreached(walk, () => walkList(walk, branch.body));
    return branches(walk, node, at + 1);
  }
  oneOf(walk, [() => walkList(walk, branch.body), () => branches(walk, node, at + 1)], false);
  return "maybe";
}

function selection(walk: Walk, node: Case): Truth {
  substitutions(walk, node.word, node);
  const stayed = stays(walk);
  const value = valueOfWord(node.word, walk.ground);
  const text = value.kind === "text" ? value.text : null;
  const ways: (() => Truth)[] = [];
  let taken: Truth = "no";
  let falls = false;
  const blocks: Arm[] = [];
  for (const arm of node.arms) {
    const fits: Truth = taken === "yes" && !falls ? "no" : armFits(walk, arm, text);
    if (fits === "no" && !falls) {
      unreached(walk, () => walkList(walk, arm.body));
      if (arm.body.length > 0) blocks.push(arm);
      continue;
    }
    if ((fits === "yes" && taken === "no") || (falls && taken === "yes")) walkList(walk, arm.body);
    else ways.push(() => walkList(walk, arm.body));
    if (fits !== "no") taken = fits === "yes" && taken === "no" ? "yes" : taken === "yes" ? "yes" : "maybe";
    falls = arm.falls;
    if (fits === "yes" && taken === "maybe") break;
  }
  if (ways.length > 0) oneOf(walk, ways, true);
  const isGuard = stayed && isForPeople(walk, node.word.start, node.word.end);
  if (isGuard && !stays(walk)) addReturn(walk, node);
  else if (isGuard) for (const arm of blocks) addBlock(walk, arm);
  return "maybe";
}

function armFits(walk: Walk, arm: Arm, text: string | null): Truth {
  let result: Truth = "no";
  for (const word of arm.patterns) {
    const pattern = patternOf(word, walk.ground);
    const fits = pattern === "*" ? "yes" : truth(text === null || pattern === null ? null : matches(pattern, text));
    if (fits === "yes") return "yes";
    if (fits === "maybe") result = "maybe";
  }
  return result;
}

const mostTurns = 500;

function iteration(walk: Walk, node: For): Truth {
  for (const word of node.items ?? []) substitutions(walk, word, node);
  if (node.select && walk.streams.in !== null) note(walk, node, { kind: "read", name: "select", value: null });
  const { variables } = walk.ground;
  const items = node.items === null || node.select ? null : itemsOf(node.items, walk.ground, walk.cwd);
  if (items?.length === 0) {
    unreached(walk, () => walkList(walk, node.body));
    return "yes";
  }
  if (items === null || items.length > mostTurns) return looped(walk, node.body, node.name) ?? "maybe";
  const { turn, loop } = walk.flow;
  const base = reached(walk);
  Object.assign(walk.flow, { turn: "no", loop: "no" });
  within(walk, { base }, () => {
    for (const item of items) {
      walk.flow.turn = "no";
      const set = () => {
        if (isLive(walk)) variables.set(node.name, item === null ? unknown : textValue(item));
        return walkList(walk, node.body);
      };
      // What only a run can list may be an empty list.
      if (item === null) perhaps(walk, set);
      else set();
      if (walk.steps < 0) break;
    }
  });
  Object.assign(walk.flow, { turn, loop });
  return "maybe";
}

/** A loop of which nobody knows how often it turns: its body once, and what it set is not known afterwards. */
function looped(walk: Walk, body: List, name: string | null): Truth | null {
  const { variables } = walk.ground;
  const { turn, loop } = walk.flow;
  perhaps(walk, () => {
    Object.assign(walk.flow, { turn: "no", loop: "no" });
    if (name !== null && isLive(walk)) variables.set(name, unknown);
    walkList(walk, body);
  });
  Object.assign(walk.flow, { turn, loop });
  return "maybe";
}

function repetition(walk: Walk, node: While): Truth {
  const once = condition(walk, node.condition);
  const runs = node.until ? not(once) : once;
  if (runs === "no") {
    unreached(walk, () => walkList(walk, node.body));
    return "yes";
  }
  if (!isEndless(walk, node)) return looped(walk, node.body, null) ?? "maybe";
  const { turn, loop } = walk.flow;
  const base = reached(walk);
  Object.assign(walk.flow, { turn: "no", loop: "no" });
  within(walk, { base }, () => walkList(walk, node.body));
  const { loop: left } = walk.flow;
  Object.assign(walk.flow, { turn, loop });
  // Nothing comes after a loop that nothing ends.
  if (left === "no" && isLive(walk)) leave(walk, "process");
  else if (left === "maybe") perhaps(walk, () => leave(walk, "process"));
  return "yes";
}

function isEndless(walk: Walk, { condition: asked, until }: While): boolean {
  if (asked.kind === "expression") return asked.items.length === 3 && sourceOfItem(walk, asked.items[1]) === "1";
  const [only] = asked.list;
  if (asked.list.length !== 1 || only?.node.kind !== "simple") return false;
  const word = only.node.words[0];
  const name = word === undefined ? null : plain(word);
  return until ? name === "false" : name === "true" || name === ":";
}
function sourceOfItem(walk: Walk, item: Word | string | undefined): string {
  return item === undefined || typeof item === "string" ? "" : sourceOf(walk, item);
}

function define(walk: Walk, node: Define): Truth {
  for (const name of node.names) {
    if (name === "") continue;
    families[walk.ground.syntax].definition(walk, node, name);
    if (isLive(walk) && !walk.subshell) walk.functions.set(name, { node, frame: walk.frame });
  }
  const [name] = node.names;
  const changes = { base: "no", inFunction: name ?? walk.inFunction, flow: freshFlow() } as const;
  walk.ground.variables.aside(() => {
    for (const one of parameters) walk.ground.variables.set(one, unknown);
    within(walk, changes, () => walkNode(walk, node.body));
  });
  return "yes";
}

const parameters = ["#", ...Array.from({ length: 9 }, (_, at) => String(at + 1))];

const deepestCall = 20;

/** Walks the body of a function that is called, or null where there is no such function. */
function callFunction(walk: Walk, name: string, fields: readonly (string | null)[]): Truth | null {
  const found = walk.functions.get(name);
  if (found === undefined) return null;
  if (walk.calls.includes(name) || walk.calls.length >= deepestCall || !isLive(walk)) return "maybe";
  const { variables } = walk.ground;
  const before = parameters.map((one) => variables.get(one));
  for (const [at, one] of parameters.entries()) {
    const text = at === 0 ? String(fields.length) : fields[at - 1];
    variables.set(one, text === undefined ? { kind: "unset" } : text === null ? unknown : textValue(text));
  }
  const changes = { base: reached(walk), frame: found.frame, inFunction: name, calls: [...walk.calls, name] };
  const outer = walk.flow;
  const inner = freshFlow();
  const made = within(walk, { ...changes, flow: inner }, () => {
    const result = walkNode(walk, found.node.body);
    // Only the end of the whole shell, or of the file, reaches the caller.
    if (walk.flow.process !== "no") outer.process = worse(outer.process, walk.flow.process);
    if (walk.flow.file !== "no") outer.file = worse(outer.file, walk.flow.file);
    return result;
  });
  for (const [at, one] of parameters.entries()) variables.set(one, before[at] ?? unknown);
  return made;
}

function worse(one: Truth, other: Truth): Truth {
  return one === "yes" || other === "yes" ? "yes" : one === "maybe" || other === "maybe" ? "maybe" : "no";
}
