/** What the builtins and shipped functions of fish mean for an engine: fish(1), "Commands". */
import { absolute, changeFolder, firstText, output, program, record, textsOf } from "./commands.ts";
import { testCommand } from "./conditions.ts";
import { fieldsOf, valueOfWord } from "./expand.ts";
import { isTerminal } from "./session.ts";
import { limit, umask } from "./sh-commands.ts";
import { redirected } from "./streams.ts";
import type { Define, Simple, Word } from "./syntax.ts";
import { plain } from "./syntax.ts";
import { both, either, type Truth, textValue, truth, unknown, unset, type Value } from "./values.ts";
import { type Call, isLive, leave, note, sourceOf, type Walk, within } from "./walk.ts";

type Recogniser = (walk: Walk, call: Call) => Truth;
type CallFunction = (walk: Walk, name: string, fields: readonly (string | null)[]) => Truth | null;

const quiet: Recogniser = (walk, call) => {
  record(walk, call, "command", call.name, null);
  return "maybe";
};
const yes: Recogniser = () => "yes";
const recognisers: Readonly<Record<string, Recogniser>> = {
  alias,
  set: sets,
  export: exports,
  setenv: exports,
  fish_add_path: addsPath,
  functions: functionsOf,
  exec,
  exit: ends,
  return: ends,
  break: (walk) => left(walk, "loop"),
  continue: (walk) => left(walk, "turn"),
  read: reads,
  ".": source,
  source,
  eval: evaluates,
  trap,
  umask,
  ulimit: limit,
  cd: changeFolder,
  pushd: changeFolder,
  popd: changeFolder,
  prevd: changeFolder,
  nextd: changeFolder,
  cdh: changeFolder,
  echo: output,
  printf: output,
  string: output,
  count: output,
  math: output,
  set_color: output,
  random: output,
  "[": (walk, call) => tests(walk, call, call.words.slice(0, -1)),
  test: (walk, call) => tests(walk, call, call.words),
  status: statusOf,
  isatty,
  contains,
  ":": yes,
  true: yes,
  false: () => "no",
  abbr: quiet,
  bind: quiet,
  complete: quiet,
  emit: quiet,
  block: quiet,
  argparse: quiet,
  wait: quiet,
  disown: quiet,
  bg: quiet,
  fg: quiet,
  history: quiet,
  type: asksAbout,
  fish_config: quiet,
  fish_vi_key_bindings: quiet,
  fish_default_key_bindings: quiet,
};

const prefixes = ["command", "builtin"];

export function fishCommand(walk: Walk, node: Simple, callFunction: CallFunction): Truth {
  const [first, second] = node.words;
  if (first === undefined) return "maybe";
  const name = firstText(walk, [first]) ?? "";
  const isPrefixed = prefixes.includes(name) && second !== undefined;
  const isAsked = isPrefixed && (plain(second) ?? "").startsWith("-");
  const direct = isPrefixed && !isAsked;
  const call: Call = direct
    ? { node, name: firstText(walk, [second]) ?? "", words: node.words.slice(2) }
    : { node, name, words: node.words.slice(1) };
  const run = () => {
    // `command -q x` and `builtin -q x` only ask.
    if (isAsked) return asksAbout(walk, call);
    return found(walk, call, direct ? null : callFunction, direct && name === "command");
  };
  if (node.redirects.length === 0) return run();
  return within(walk, { streams: redirected(walk, node.redirects).streams }, run);
}

function found(walk: Walk, call: Call, callFunction: CallFunction | null, isProgram: boolean): Truth {
  if (callFunction !== null && walk.functions.has(call.name)) {
    record(walk, call, "command", call.name, null);
    const made = callFunction(walk, call.name, textsOf(walk, call.words));
    if (made !== null) return made;
  }
  const recogniser = !isProgram && Object.hasOwn(recognisers, call.name) ? recognisers[call.name] : undefined;
  return recogniser === undefined ? program(walk, call) : recogniser(walk, call);
}

/** A function; one that is called at the shell's end is a trap by itself. */
export function fishDefinition(walk: Walk, node: Define, name: string): void {
  note(walk, node, { kind: "function", name, value: null });
  const head = sourceOf(walk, { start: node.start, end: node.body.start });
  if (
    /\s(?:--on-event[ =]|-e\s*)fish_exit\b|\s(?:--on-(?:process|job)-exit[ =]|-[pj]\s*)(?:%self|\$fish_pid)\b/.test(
      head,
    )
  )
    note(walk, node, { kind: "trap", name: "EXIT", value: name });
  const signal = /\s(?:--on-signal[ =]|-s\s*)(?:SIG)?([A-Z]+\d?)\b/i.exec(head)?.[1];
  if (signal !== undefined) note(walk, node, { kind: "trap", name: signal.toUpperCase(), value: name });
}

function left(walk: Walk, from: "loop" | "turn"): Truth {
  leave(walk, from);
  return "yes";
}

/** The words as `eval` and `alias` join them: null where one is not known. */
function text(walk: Walk, words: readonly Word[]): string | null {
  const texts = textsOf(walk, words);
  return texts.every((one) => one !== null) ? texts.join(" ") : null;
}

/** `alias NAME=VALUE`, `alias NAME VALUE`: a function by another word. Without a value it lists or tells. */
function alias(walk: Walk, call: Call): Truth {
  const words = call.words.filter((word) => !/^(-s|--save|--)$/.test(plain(word) ?? ""));
  const [first, ...rest] = words;
  if (first === undefined) return output(walk, call);
  const whole = valueOfWord(first, walk.ground);
  if (rest.length > 0) {
    record(walk, call, "alias", whole.kind === "text" ? whole.text : null, text(walk, rest));
    return "yes";
  }
  const [head] = first.parts;
  const known = whole.kind === "text" ? whole.text : head?.kind === "text" ? head.text : "";
  const at = known.indexOf("=", 1);
  if (at < 0) return output(walk, call);
  record(walk, call, "alias", known.slice(0, at), whole.kind === "text" ? known.slice(at + 1) : null);
  return "yes";
}

const joinedByColons = /PATH$/;

interface Options {
  readonly letters: string;
  readonly words: readonly Word[];
}
const long: Readonly<Record<string, string>> = {
  "--append": "a",
  "--erase": "e",
  "--export": "x",
  "--function": "f",
  "--global": "g",
  "--local": "l",
  "--names": "n",
  "--prepend": "p",
  "--query": "q",
  "--show": "S",
  "--unexport": "u",
  "--universal": "U",
  "--long": "L",
  "--path": "",
  "--unpath": "",
};

function optionsOf(words: readonly Word[]): Options {
  let letters = "";
  for (const [at, word] of words.entries()) {
    const option = plain(word) ?? "";
    if (option === "--") return { letters, words: words.slice(at + 1) };
    if (Object.hasOwn(long, option)) letters += long[option];
    else if (/^-[a-zA-Z]+$/.test(option)) letters += option.slice(1);
    else return { letters, words: words.slice(at) };
  }
  return { letters, words: [] };
}

function sets(walk: Walk, call: Call): Truth {
  const { letters, words } = optionsOf(call.words);
  const names = textsOf(walk, words);
  if (letters.includes("q")) return asksSet(walk, names);
  if (letters.includes("e")) {
    record(walk, call, "command", "set", null);
    for (const name of names) if (name !== null && isLive(walk)) walk.ground.variables.set(name, unset);
    return "maybe";
  }
  const [word, ...rest] = words;
  if (word === undefined || /[nS]/.test(letters)) return output(walk, call);
  // Only within this file or block; what it is stays of use here.
  const isLocal = /[lf]/.test(letters);
  const name = firstText(walk, [word]);
  if (name === null) return quiet(walk, call);
  // A part of a list.
  const bare = name.replace(/\[.*$/s, "");
  assigns(walk, call, { name: bare, rest: bare === name ? rest : null, letters, isLocal });
  return rest.some(({ parts }) => parts.some(({ kind }) => kind === "command")) ? "maybe" : "yes";
}

interface Setting {
  readonly name: string;
  /** Null where what comes of it is not known. */
  readonly rest: readonly Word[] | null;
  readonly letters: string;
  readonly isLocal: boolean;
}

function assigns(walk: Walk, call: Call, { name, rest, letters, isLocal }: Setting): void {
  const texts = rest === null ? [null] : textsOf(walk, rest);
  const old = walk.ground.variables.get(name);
  const kept = /[ap]/.test(letters) ? itemsOf(old) : [];
  const own = letters.includes("p") ? [...texts, ...kept] : [...kept, ...texts];
  const isKnown = own.every((one) => one !== null);
  const value = isKnown ? own.join(joinedByColons.test(name) ? ":" : " ") : null;
  const isPath = name === "PATH" || name === "fish_user_paths";
  record(
    walk,
    call,
    isLocal ? "command" : isPath ? "path" : "variable",
    isLocal ? "set" : name,
    isLocal ? null : value,
  );
  if (isLive(walk)) walk.ground.variables.set(name, listed(own));
}

function itemsOf(value: Value): (string | null)[] {
  if (value.kind === "unset") return [];
  if (value.kind === "list") return value.items.map((one) => (one.kind === "text" ? one.text : null));
  return [value.kind === "text" ? value.text : null];
}

function listed(texts: readonly (string | null)[]): Value {
  const items = texts.map((one) => (one === null ? unknown : textValue(one)));
  const [only] = items;
  return items.length === 1 && only !== undefined ? only : { kind: "list", items };
}

function asksSet(walk: Walk, names: readonly (string | null)[]): Truth {
  const answers = names.map((name): Truth => {
    if (name === null || name.includes("[")) return "maybe";
    const { kind } = walk.ground.variables.get(name);
    return kind === "unknown" ? "maybe" : truth(kind !== "unset");
  });
  return answers.length === 0 ? "no" : answers.reduce(both);
}

/** `export NAME=VALUE`, `setenv NAME VALUE`: functions that fish ships. */
function exports(walk: Walk, call: Call): Truth {
  const [word, ...rest] = call.words;
  if (word === undefined) return output(walk, call);
  const whole = valueOfWord(word, walk.ground);
  const known = whole.kind === "text" ? whole.text : "";
  const at = known.indexOf("=", 1);
  const name = call.name === "setenv" || at < 0 ? known : known.slice(0, at);
  const value = call.name === "setenv" ? text(walk, rest) : at < 0 ? null : known.slice(at + 1);
  if (name === "") return quiet(walk, call);
  record(walk, call, name === "PATH" ? "path" : "variable", name, value);
  if (isLive(walk)) walk.ground.variables.set(name, value === null ? unknown : textValue(value));
  return "yes";
}

/** It leaves out folders that are not there, and those that are in it already. */
function addsPath(walk: Walk, call: Call): Truth {
  record(walk, call, "path", "PATH", null);
  if (isLive(walk)) walk.ground.variables.set("PATH", { kind: "some" });
  return "maybe";
}

function functionsOf(walk: Walk, call: Call): Truth {
  const { letters, words } = optionsOf(call.words);
  const names = textsOf(walk, words);
  if (letters.includes("q")) return asksAbout(walk, call);
  if (letters.includes("c")) {
    record(walk, call, "function", names[1] ?? null, null);
    return "yes";
  }
  if (!letters.includes("e")) return output(walk, call);
  for (const name of names) {
    record(walk, call, "unalias", name, null);
    if (name !== null && isLive(walk)) walk.functions.delete(name);
  }
  return "yes";
}

/** `type -q x`, `command -q x`: what a name is, only a run can tell. */
function asksAbout(walk: Walk, call: Call): Truth {
  const isQuiet = call.words.some((word) => /^(-\w*q\w*|--query|--quiet)$/.test(plain(word) ?? ""));
  if (!isQuiet) return output(walk, call);
  record(walk, call, "test", call.name, null);
  return "maybe";
}

function exec(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  record(walk, call, "exec", texts[0] ?? null, texts.slice(1).join(" ") || null);
  leave(walk, "process");
  return "yes";
}

/** `exit` ends the file that is being read, also from within a function, and never the shell; so does `return`. */
function ends(walk: Walk, call: Call): Truth {
  const status = firstText(walk, call.words);
  record(walk, call, "exit", call.name, status);
  leave(walk, call.name === "exit" ? "file" : "frame");
  return status === null ? "maybe" : truth(status === "0");
}

function reads(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  const at = texts.findIndex((one) => one !== null && /^(-P|--prompt-str|-p|--prompt)$/.test(one));
  record(walk, call, walk.streams.in === null ? "command" : "read", "read", at < 0 ? null : (texts[at + 1] ?? null));
  for (const one of texts)
    if (one !== null && /^[A-Za-z_]\w*$/.test(one) && isLive(walk)) walk.ground.variables.set(one, unknown);
  return "maybe";
}

/** Without a file, or with `-`, it runs what comes on stdin: from a program's answer in most cases. */
function source(walk: Walk, call: Call): Truth {
  const [target] = textsOf(walk, call.words);
  record(walk, call, "source", target === "-" ? null : (target ?? null), null);
  if (!isLive(walk) || target === undefined || target === null || target === "-" || target === "") return "maybe";
  const path = absolute(walk, target);
  return path === null ? "maybe" : walk.does.include(walk, path);
}

function evaluates(walk: Walk, call: Call): Truth {
  const whole = text(walk, call.words);
  record(walk, call, "command", call.name, null);
  if (whole !== null) walk.does.evaluate(walk, whole, call.node);
  return "maybe";
}

function trap(walk: Walk, call: Call): Truth {
  const [action, ...signals] = textsOf(walk, call.words);
  if (action === undefined || (action?.startsWith("-") && action !== "-")) return output(walk, call);
  for (const signal of signals) {
    if (signal === null) continue;
    const name = signal === "0" ? "EXIT" : signal.toUpperCase().replace(/^SIG/, "");
    record(walk, call, "trap", name, action);
  }
  return "yes";
}

function tests(walk: Walk, call: Call, words: readonly Word[]): Truth {
  record(walk, call, "test", call.name, null);
  return testCommand(words, walk.ground, walk.cwd);
}

const statusAsks: Readonly<Record<string, (walk: Walk) => Truth>> = {
  "is-interactive": ({ ground }) => truth(ground.session.isInteractive),
  "is-login": ({ ground }) => truth(ground.session.isLogin),
  "is-command-substitution": () => "maybe",
  "is-block": () => "maybe",
  "is-breakpoint": () => "no",
  "is-no-job-control": () => "maybe",
  "is-full-job-control": () => "maybe",
  "is-interactive-job-control": () => "maybe",
};
const statusLetters: Readonly<Record<string, string>> = {
  "-i": "is-interactive",
  "-l": "is-login",
  "-c": "is-command-substitution",
  "-b": "is-block",
};

function statusOf(walk: Walk, call: Call): Truth {
  const [word] = textsOf(walk, call.words);
  const asked = word == null ? "" : (statusLetters[word] ?? word.replace(/^--/, ""));
  if (!Object.hasOwn(statusAsks, asked)) return output(walk, call);
  record(walk, call, "test", call.name, null);
  return statusAsks[asked]?.(walk) ?? "maybe";
}

const descriptors: Readonly<Record<string, string>> = { stdin: "0", stdout: "1", stderr: "2", "": "0" };

function isatty(walk: Walk, call: Call): Truth {
  record(walk, call, "test", call.name, null);
  const [word = ""] = textsOf(walk, call.words);
  if (word === null) return "maybe";
  const descriptor = descriptors[word] ?? word;
  return descriptor === "0" && walk.streams.in === null ? "maybe" : isTerminal(walk.ground.session, descriptor);
}

function contains(walk: Walk, call: Call): Truth {
  const fields = fieldsOf(call.words, walk.ground).map((field) => field.text);
  const [wanted, ...list] = fields.filter((one) => one !== "--");
  if (wanted?.startsWith("-") === true) return output(walk, call);
  if (wanted === undefined || wanted === null) return "maybe";
  return list.map((one): Truth => (one === null ? "maybe" : truth(one === wanted))).reduce(either, "no");
}
