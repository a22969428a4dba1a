/** What the builtins of csh and tcsh mean for an engine: csh(1), tcsh(1). */
import { absolute, changeFolder, firstText, output, program, record, textsOf } from "./commands.ts";
import { valueOfWord } from "./expand.ts";
import { redirected } from "./streams.ts";
import type { Simple, Word } from "./syntax.ts";
import { plain } from "./syntax.ts";
import { type Truth, textValue, unknown, unset, type Value } from "./values.ts";
import { type Call, isLive, leave, perhaps, type Walk, within } from "./walk.ts";

const recognisers: Readonly<Record<string, (walk: Walk, call: Call) => Truth>> = {
  alias,
  unalias,
  set: sets,
  unset: unsets,
  unsetenv: unsets,
  setenv,
  "@": computes,
  exec,
  exit,
  logout,
  source,
  umask,
  limit,
  unlimit: limit,
  cd: changeFolder,
  chdir: changeFolder,
  pushd: changeFolder,
  popd: changeFolder,
  echo: output,
  printf: output,
  eval: evaluates,
  nohup: background,
  onintr,
  break: (walk) => left(walk, "loop"),
  continue: (walk) => left(walk, "turn"),
  breaksw: () => "yes",
  goto: jumps,
  repeat: repeats,
};

export function cshCommand(walk: Walk, node: Simple): Truth {
  const [first] = node.words;
  if (first === undefined) return "yes";
  // A quoted builtin is no builtin to csh.
  const quoted = first.parts.some((part) => part.kind === "text" && part.quoted);
  const name = firstText(walk, [first]) ?? "";
  const call: Call = { node, name, words: node.words.slice(1) };
  const recogniser = !quoted && Object.hasOwn(recognisers, name) ? recognisers[name] : undefined;
  const run = () => (recogniser === undefined ? program(walk, call) : recogniser(walk, call));
  if (node.redirects.length === 0) return run();
  return within(walk, { streams: redirected(walk, node.redirects).streams }, run);
}

function left(walk: Walk, from: "loop" | "turn"): Truth {
  leave(walk, from);
  return "yes";
}

/** The words as csh keeps them: a list's parentheses taken away, one blank between. */
function text(walk: Walk, words: readonly Word[]): string | null {
  const made: string[] = [];
  for (const word of words) {
    const [only] = word.parts;
    if (word.parts.length === 1 && only?.kind === "array") {
      const inner = text(walk, only.items);
      if (inner === null) return null;
      made.push(inner);
      continue;
    }
    const value = valueOfWord(word, walk.ground);
    if (value.kind !== "text") return null;
    made.push(value.text);
  }
  return made.join(" ");
}

function alias(walk: Walk, call: Call): Truth {
  const [word, ...rest] = call.words;
  const name = word === undefined ? null : firstText(walk, [word]);
  if (rest.length === 0) return output(walk, call);
  record(walk, call, "alias", name, text(walk, rest));
  return "yes";
}

function unalias(walk: Walk, call: Call): Truth {
  for (const name of textsOf(walk, call.words)) record(walk, call, "unalias", name === "*" ? null : name, null);
  return "yes";
}

/** Settings that change how csh runs commands; everything else is a variable. */
const options = new Set(
  (
    "noclobber echo verbose noglob nonomatch ignoreeof notify printexitvalue implicitcd rmstar autologout correct listjobs " +
    "nobeep dunique symlinks filec autolist autoexpand autocorrect echo_style csubstnonl globstar anyerror backslash_quote"
  ).split(" "),
);

/** `set a`, `set a=b`, `set a = b`, `set a = (b c)`, several at once. */
function sets(walk: Walk, call: Call): Truth {
  const words = call.words.filter((word) => !/^-[rfl]$/.test(plain(word) ?? ""));
  if (words.length === 0) return output(walk, call);
  for (let at = 0; at < words.length; at++) {
    const { name, value } = split(words[at]);
    if (name === "") continue;
    if (value !== undefined) {
      setting(walk, call, name, value);
      continue;
    }
    const next = words[at + 1];
    const sign = next === undefined ? undefined : split(next);
    if (next === undefined || sign?.name !== "" || sign.value === undefined) setting(walk, call, name, null);
    else if (sign.value.parts.length > 0) {
      at += 1;
      setting(walk, call, name, sign.value);
    } else {
      const given = words[at + 2];
      at += 2;
      setting(walk, call, name, given ?? sign.value);
    }
  }
  return "yes";
}

/** A word around its first `=`; without one there is no value. */
function split(word: Word | undefined): { readonly name: string; readonly value: Word | undefined } {
  const [first, ...rest] = word?.parts ?? [];
  if (word === undefined || first?.kind !== "text") return { name: "", value: undefined };
  const at = first.quoted ? -1 : first.text.indexOf("=");
  if (at < 0) return { name: plain(word) ?? first.text, value: undefined };
  const tail = first.text.slice(at + 1);
  const parts = tail === "" ? rest : [{ ...first, text: tail }, ...rest];
  return { name: first.text.slice(0, at), value: { ...word, parts } };
}

function setting(walk: Walk, call: Call, name: string, word: Word | null): void {
  const isList = word?.parts.length === 1 && word.parts[0]?.kind === "array";
  const value: Value = word === null ? textValue("") : isList ? listed(walk, word) : valueOfWord(word, walk.ground);
  const told = word === null ? "" : text(walk, [word]);
  const kind = name === "path" ? "path" : options.has(name) ? "option" : "variable";
  record(walk, call, kind, name, kind === "option" && told === "" ? "on" : told);
  if (isLive(walk)) walk.ground.variables.set(name, value);
}
function listed(walk: Walk, word: Word): Value {
  const made = text(walk, [word]);
  return made === null ? unknown : textValue(made);
}

function unsets(walk: Walk, call: Call): Truth {
  for (const name of textsOf(walk, call.words)) {
    if (name !== null && options.has(name)) record(walk, call, "option", name, "off");
    else record(walk, call, "command", call.name, null);
    if (name !== null && isLive(walk)) walk.ground.variables.set(name, unset);
  }
  return "yes";
}

function setenv(walk: Walk, call: Call): Truth {
  const [word, ...rest] = call.words;
  const name = word === undefined ? null : firstText(walk, [word]);
  if (name === null) return output(walk, call);
  const value = rest.length === 0 ? "" : text(walk, rest);
  record(walk, call, name === "PATH" ? "path" : "variable", name, value);
  if (isLive(walk)) walk.ground.variables.set(name, value === null ? unknown : textValue(value));
  return "yes";
}

function computes(walk: Walk, call: Call): Truth {
  const name = /^[A-Za-z_]\w*/.exec(call.words[0] === undefined ? "" : (plain(call.words[0]) ?? ""))?.[0];
  record(walk, call, "variable", name ?? null, null);
  if (name !== undefined && isLive(walk)) walk.ground.variables.set(name, unknown);
  return "maybe";
}

function exec(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  record(walk, call, "exec", texts[0] ?? null, texts.slice(1).join(" ") || null);
  leave(walk, "process");
  return "yes";
}

/** In a startup file of csh it ends the file, not the shell: facts/shell-truth.md 3.13. */
function exit(walk: Walk, call: Call): Truth {
  record(walk, call, "exit", call.name, text(walk, call.words) || null);
  leave(walk, "frame");
  return "yes";
}

function logout(walk: Walk, call: Call): Truth {
  if (!walk.ground.session.isLogin) return program(walk, call);
  record(walk, call, "exit", call.name, null);
  leave(walk, "process");
  return "yes";
}

function source(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  const [target] = texts[0] === "-h" ? texts.slice(1) : texts;
  record(walk, call, "source", target ?? null, null);
  // With -h it only fills the history.
  if (!isLive(walk) || texts[0] === "-h" || target === undefined || target === null || target === "") return "maybe";
  const path = absolute(walk, target);
  return path === null ? "maybe" : walk.does.include(walk, path);
}

function evaluates(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  record(walk, call, "command", call.name, null);
  if (texts.every((one) => one !== null)) walk.does.evaluate(walk, texts.join(" "), call.node);
  return "maybe";
}

function background(walk: Walk, call: Call): Truth {
  if (call.words.length === 0) return "yes";
  return program(walk, call);
}

function onintr(walk: Walk, call: Call): Truth {
  record(walk, call, "trap", "INT", firstText(walk, call.words) ?? "");
  return "yes";
}

/** Where a label stands is not followed: what comes may come or not. */
function jumps(walk: Walk, call: Call): Truth {
  record(walk, call, "command", call.name, null);
  perhaps(walk, () => leave(walk, "frame"));
  return "maybe";
}

function repeats(walk: Walk, call: Call): Truth {
  const [, name, ...words] = call.words;
  if (name === undefined) return "maybe";
  return cshCommand(walk, { ...call.node, words: [name, ...words], redirects: [] });
}

function umask(walk: Walk, call: Call): Truth {
  const value = firstText(walk, call.words);
  if (call.words.length === 0) return output(walk, call);
  record(walk, call, "umask", null, value);
  return "yes";
}

function limit(walk: Walk, call: Call): Truth {
  const [name, value] = textsOf(walk, call.words).filter((one) => one !== "-h");
  if (value === undefined && call.name === "limit") return output(walk, call);
  record(walk, call, "limit", name ?? null, value ?? null);
  return "maybe";
}
