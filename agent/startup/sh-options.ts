/** Options of the sh family: `set`, `shopt`, `setopt`. */
import { output, record, textsOf } from "./commands.ts";
import { type Truth, textValue, truth } from "./values.ts";
import { type Call, isLive, type Walk } from "./walk.ts";

const byLetter: Readonly<Record<string, string>> = {
  a: "allexport",
  b: "notify",
  C: "noclobber",
  e: "errexit",
  f: "noglob",
  h: "hashall",
  k: "keyword",
  m: "monitor",
  n: "noexec",
  p: "privileged",
  u: "nounset",
  v: "verbose",
  x: "xtrace",
  B: "braceexpand",
  E: "errtrace",
  H: "histexpand",
  P: "physical",
  T: "functrace",
};

export function setOption(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  if (texts.length === 0) return output(walk, call);
  let seen = false;
  for (let at = 0; at < texts.length; at++) {
    const text = texts[at] ?? "";
    const found = /^([-+])([A-Za-z]+)$/.exec(text);
    if (found === null) break;
    seen = true;
    const value = found[1] === "-" ? "on" : "off";
    for (const letter of found[2] ?? "") {
      if (letter === "o") {
        const name = texts[++at];
        if (name === undefined) return output(walk, call);
        if (name !== null) option(walk, call, name, value);
      } else option(walk, call, byLetter[letter] ?? letter, value, letter);
    }
  }
  if (!seen) record(walk, call, "command", call.name, null);
  return "yes";
}

function option(walk: Walk, call: Call, name: string, value: string, letter?: string): void {
  record(walk, call, "option", name, value);
  const dash = walk.ground.variables.get("-");
  const short = letter ?? Object.entries(byLetter).find(([, long]) => long === name)?.[0];
  if (!isLive(walk) || dash.kind !== "text" || short === undefined) return;
  const without = dash.text.replaceAll(short, "");
  walk.ground.variables.set("-", textValue(value === "on" ? `${without}${short}` : without));
}

export function shopt(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words);
  const flags = texts.filter((text) => text?.startsWith("-")).join("");
  const names = texts.filter((text) => text !== null && !text.startsWith("-"));
  if (flags.includes("s") || flags.includes("u")) {
    for (const name of names) record(walk, call, "option", name, flags.includes("s") ? "on" : "off");
    return "yes";
  }
  if (!flags.includes("q")) return output(walk, call);
  const [name] = names;
  if (name === "login_shell") return truth(walk.ground.session.isLogin);
  // Nothing but a variable or the name `sh` makes it one, and neither is a bash that is called bash.
  if (name === "posix" && walk.shell === "bash" && walk.ground.variables.get("POSIXLY_CORRECT").kind === "unset")
    return "no";
  return "maybe";
}

/** zsh ignores case and underscores, and `no` turns the meaning round but in two names. */
export function setOptionsByWord(walk: Walk, call: Call): Truth {
  let on = call.name === "setopt";
  for (const text of textsOf(walk, call.words)) {
    if (text === null || /^[-+]/.test(text)) {
      if (text?.startsWith("+")) on = !on;
      continue;
    }
    const plain = text.toLowerCase().replaceAll("_", "");
    const isTurned = plain.startsWith("no") && plain !== "nomatch" && plain !== "notify";
    record(walk, call, "option", isTurned ? plain.slice(2) : plain, on !== isTurned ? "on" : "off");
  }
  return call.words.length === 0 ? output(walk, call) : "yes";
}
