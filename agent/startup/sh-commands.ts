/** What the builtins of the sh family mean for an engine: bash(1), zshbuiltins(1). */

import { absolute, changeFolder, firstText, output, program, record, textsOf } from "./commands.ts";
import { testCommand } from "./conditions.ts";
import { fieldsOf, valueOfWord } from "./expand.ts";
import { isTerminal } from "./session.ts";
import { isYash, knows } from "./sh-dialect.ts";
import { setOption, setOptionsByWord, shopt } from "./sh-options.ts";
import { assign, declare, unsetNames } from "./sh-variables.ts";
import { redirected } from "./streams.ts";
import type { Define, Simple, Word } from "./syntax.ts";
import { type Truth, unknown } from "./values.ts";
import { type Call, isLive, leave, note, type Walk, within } from "./walk.ts";

type Recogniser = (walk: Walk, call: Call) => Truth;
type CallFunction = (walk: Walk, name: string, fields: readonly (string | null)[]) => Truth | null;

const yes: Recogniser = () => "yes";
const recognisers: Readonly<Record<string, Recogniser>> = {
  alias,
  unalias,
  unhash: unalias,
  set: setOption,
  shopt,
  setopt: setOptionsByWord,
  unsetopt: setOptionsByWord,
  export: declare,
  typeset: declare,
  declare,
  readonly: declare,
  local: declare,
  integer: declare,
  float: declare,
  unset: unsetNames,
  exec,
  exit,
  bye: exit,
  logout,
  return: returns,
  break: (walk) => left(walk, "loop"),
  continue: (walk) => left(walk, "turn"),
  read: reads,
  vared: reads,
  mapfile: reads,
  readarray: reads,
  ".": source,
  source,
  eval: evaluates,
  trap,
  umask,
  ulimit: limit,
  limit,
  unlimit: limit,
  cd: changeFolder,
  chdir: changeFolder,
  pushd: changeFolder,
  popd: changeFolder,
  echo: output,
  print: output,
  printf: output,
  "[": (walk, call) => tests(walk, call, call.words.slice(0, -1)),
  test: (walk, call) => tests(walk, call, call.words),
  ":": yes,
  true: yes,
  false: () => "no",
  tty: (walk, call) => (firstText(walk, call.words) === "-s" ? terminal(walk) : output(walk, call)),
};

function tests(walk: Walk, call: Call, words: readonly Word[]): Truth {
  record(walk, call, "test", call.name, null);
  return testCommand(words, walk.ground, walk.cwd);
}

/** Words before a command that change how it is looked up, not what it is. */
const prefixes = ["command", "builtin", "noglob", "nocorrect", "-"];

export function shCommand(walk: Walk, node: Simple, callFunction: CallFunction): Truth {
  if (node.words.length === 0) {
    for (const one of node.assignments) if (!one.append || knows(walk.shell, "+=")) assign(walk, one);
    return node.assignments.some(({ value }) => value?.parts.some(({ kind }) => kind === "command")) ? "maybe" : "yes";
  }
  let words: readonly Word[] = node.words;
  let name = firstText(walk, words.slice(0, 1));
  let direct = false;
  while (name !== null && prefixes.includes(name) && words.length > 1) {
    words = words.slice(1);
    direct ||= name === "command" || name === "builtin";
    name = firstText(walk, words.slice(0, 1));
    // `command -v x` only asks.
    if (direct && name !== null && /^-[vVp]+$/.test(name) && words.length > 1) {
      if (/[vV]/.test(name)) return redirecting(walk, node, () => program(walk, { node, name: "type", words }));
      words = words.slice(1);
      name = firstText(walk, words.slice(0, 1));
    }
  }
  const call: Call = { node, name: name ?? "", words: words.slice(1) };
  if (call.name === "exec") return exec(walk, call);
  return redirecting(walk, node, () => found(walk, call, direct ? null : callFunction));
}

function redirecting(walk: Walk, node: Simple, run: () => Truth): Truth {
  if (node.redirects.length === 0) return run();
  return within(walk, { streams: redirected(walk, node.redirects).streams }, run);
}

function found(walk: Walk, call: Call, callFunction: CallFunction | null): Truth {
  if (callFunction !== null && walk.functions.has(call.name)) {
    record(walk, call, "command", call.name, null);
    const made = callFunction(walk, call.name, textsOf(walk, call.words));
    if (made !== null) return made;
  }
  const recogniser = Object.hasOwn(recognisers, call.name) ? recognisers[call.name] : undefined;
  if (recogniser !== undefined) return recogniser(walk, call);
  return program(walk, call);
}

/** A function's definition; zsh takes one named TRAPxxx for a trap. */
export function definition(walk: Walk, node: Define, name: string): void {
  note(walk, node, { kind: "function", name, value: null });
  const signal = walk.ground.zsh ? /^TRAP([A-Z]+)$/.exec(name)?.[1] : undefined;
  if (signal !== undefined) note(walk, node, { kind: "trap", name: signal, value: name });
}

function terminal(walk: Walk): Truth {
  return walk.streams.in === null ? "maybe" : isTerminal(walk.ground.session, "0");
}

function left(walk: Walk, from: "loop" | "turn"): Truth {
  leave(walk, from);
  return "yes";
}

/** `name=value`, read from the word as one text: quotes may stand anywhere in it. */
function pair(walk: Walk, word: Word): { readonly name: string; readonly value: string | null } | null {
  const whole = valueOfWord(word, walk.ground);
  if (whole.kind === "text") {
    const at = whole.text.indexOf("=", 1);
    return at < 0 ? null : { name: whole.text.slice(0, at), value: whole.text.slice(at + 1) };
  }
  const [first] = word.parts;
  const at = first?.kind === "text" ? first.text.indexOf("=", 1) : -1;
  return first?.kind !== "text" || at < 0 ? null : { name: first.text.slice(0, at), value: null };
}

function alias(walk: Walk, call: Call): Truth {
  let defines = false;
  for (const word of call.words) {
    const made = pair(walk, word);
    if (made === null) continue;
    defines = true;
    record(walk, call, "alias", made.name, made.value);
  }
  const isQuiet = call.words.some((word) => firstText(walk, [word])?.startsWith("-"));
  return defines || isQuiet ? "yes" : output(walk, call);
}

function unalias(walk: Walk, call: Call): Truth {
  for (const text of textsOf(walk, call.words)) {
    if (text === "-a" || text === "-m") record(walk, call, "unalias", null, null);
    else if (text !== null && !text.startsWith("-")) record(walk, call, "unalias", text, null);
  }
  return "maybe";
}

function exec(walk: Walk, call: Call): Truth {
  const words = [...call.words];
  const texts = () => textsOf(walk, words.slice(0, 1))[0];
  for (let option = texts(); option?.startsWith("-"); option = texts()) {
    words.splice(0, option.endsWith("a") ? 2 : 1);
    if (option === "--") break;
  }
  const { streams, led } = redirected(walk, call.node.redirects);
  if (words.length > 0) {
    record(walk, call, "exec", textsOf(walk, words)[0] ?? null, textsOf(walk, words).slice(1).join(" ") || null);
    leave(walk, "process");
    return "yes";
  }
  const names = ["stdin", "stdout", "stderr"];
  for (const { descriptor, to } of led) record(walk, call, "redirect", names[descriptor] ?? String(descriptor), to);
  if (isLive(walk)) walk.streams = streams;
  return "yes";
}

function exit(walk: Walk, call: Call): Truth {
  record(walk, call, "exit", call.name, firstText(walk, call.words));
  leave(walk, "process");
  return "yes";
}

/** Only an error message where the shell is no login shell. */
function logout(walk: Walk, call: Call): Truth {
  return walk.ground.session.isLogin ? exit(walk, call) : program(walk, call);
}

function returns(walk: Walk, call: Call): Truth {
  const status = firstText(walk, call.words);
  record(walk, call, "exit", "return", status);
  leave(walk, "frame");
  return status === null ? "maybe" : status === "0" ? "yes" : "no";
}

function reads(walk: Walk, call: Call): Truth {
  const fields = fieldsOf(call.words, walk.ground);
  const at = fields.findIndex(({ text }) => text !== null && /^-[a-z]*p$/.test(text));
  const asked = /^[A-Za-z_]\w*\?([\s\S]*)$/.exec(fields.at(-1)?.text ?? "")?.[1];
  const prompt = at < 0 ? null : (fields[at + 1]?.text ?? null);
  // Another descriptor than the session's stdin is no question to an engine.
  const other = fields.some(({ text }) => text !== null && /^-[a-z]*u\d*$/.test(text));
  const isAsked = walk.streams.in !== null && !other;
  record(walk, call, isAsked ? "read" : "command", call.name, prompt ?? asked ?? null);
  for (const { text } of fields)
    if (text !== null && /^[A-Za-z_]\w*$/.test(text) && isLive(walk)) walk.ground.variables.set(text, unknown);
  return "maybe";
}

function source(walk: Walk, call: Call): Truth {
  if (call.name === "source" && !knows(walk.shell, "source")) return program(walk, call);
  const texts = textsOf(walk, call.words);
  if (isYash(walk.shell) && texts[0]?.startsWith("-") === true) return autoloaded(walk, call, texts);
  const [target] = texts[0] === "--" ? texts.slice(1) : texts;
  record(walk, call, "source", target ?? null, null);
  if (!isLive(walk) || target === undefined || target === null || target === "") return "maybe";
  const path = target.includes("/") ? absolute(walk, target) : searched(walk, target, call.name);
  return path === null ? "maybe" : walk.does.include(walk, path);
}

/** yash's `. --autoload FILE`: FILE is looked for in the folders of YASH_LOADPATH. */
function autoloaded(walk: Walk, call: Call, texts: readonly (string | null)[]): Truth {
  const target = texts.find((text) => text === null || !text.startsWith("-")) ?? null;
  record(walk, call, "source", target, null);
  const known = walk.ground.variables.get("YASH_LOADPATH");
  if (!isLive(walk) || target === null || known.kind !== "text") return "maybe";
  const places = known.text
    .split(":")
    .slice(0, 64)
    .map((folder) => `${folder}/${target}`);
  const path = places.find((place) => walk.ground.files.ask("f", place) === true);
  return path === undefined ? "no" : walk.does.include(walk, path);
}

/** Without a slash it is looked for in PATH, then (bash; zsh's `source`: first) in the current folder. */
function searched(walk: Walk, name: string, how: string): string | null {
  const here = absolute(walk, name);
  const path = walk.ground.variables.get("PATH");
  const folders = path.kind === "text" ? path.text.split(":").filter((folder) => folder.startsWith("/")) : [];
  const places = folders.slice(0, 64).map((folder) => `${folder}/${name}`);
  const order = walk.ground.zsh && how === "source" ? [here, ...places] : [...places, here];
  return order.find((place) => place !== null && walk.ground.files.ask("f", place) === true) ?? here;
}

function evaluates(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  record(walk, call, "command", call.name, null);
  if (texts.every((text) => text !== null)) walk.does.evaluate(walk, texts.join(" "), call.node);
  return "maybe";
}

function trap(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  const [action, ...signals] = texts[0] === "--" ? texts.slice(1) : texts;
  if (action === undefined || (action?.startsWith("-") && action !== "-")) return output(walk, call);
  for (const signal of signals) {
    if (signal === null) continue;
    const name = signal === "0" ? "EXIT" : signal.toUpperCase().replace(/^SIG/, "");
    record(walk, call, "trap", name, action);
  }
  return "yes";
}

export function umask(walk: Walk, call: Call): Truth {
  const value = textsOf(walk, call.words).find((text) => !text?.startsWith("-"));
  if (value === undefined) return output(walk, call);
  record(walk, call, "umask", null, value);
  return "yes";
}

const limits: Readonly<Record<string, string>> = {
  c: "core",
  d: "data",
  f: "fsize",
  l: "memlock",
  m: "rss",
  n: "nofile",
  s: "stack",
  t: "cpu",
  u: "nproc",
  v: "as",
};
export function limit(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  const letter = texts.map((text) => /^-[HS]*([a-z])/.exec(text ?? "")?.[1]).find((one) => one !== undefined);
  const [first, second] = texts.filter((text) => !text?.startsWith("-"));
  const byWord = call.name !== "ulimit";
  const value = byWord ? (second ?? null) : (first ?? null);
  if (value === null && call.name !== "unlimit") return output(walk, call);
  record(walk, call, "limit", byWord ? (first ?? null) : (limits[letter ?? "f"] ?? letter ?? null), value);
  return "maybe";
}
