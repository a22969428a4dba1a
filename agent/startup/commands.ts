/** What recognisers of both families share: plain programs, output, folders, limits. */
import { type Field, fieldsOf, printed } from "./expand.ts";
import type { StatementKind } from "./reading.ts";
import type { Word } from "./syntax.ts";
import { type Truth, textValue, truth } from "./values.ts";
import { type Call, isLive, note, type Walk } from "./walk.ts";

/** Programs that a startup file calls to write something, and builtins that do. */
const writes = new Set(
  (
    "echo printf print cat banner figlet toilet lolcat cowsay fortune neofetch screenfetch fastfetch date cal uptime who w " +
    "last lastlog finger users id hostname uname pwd ls df du free ps env printenv tput clear reset motd type which whence " +
    "whereis head tail less more quota crontab mail from figurine archey inxi landscape-sysinfo hostnamectl lsb_release"
  ).split(" "),
);

export function record(walk: Walk, call: Call, kind: StatementKind, name: string | null, value: string | null): void {
  note(walk, call.node, { kind, name, value });
}

/** The last component of a path: the name by which a program is known. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Any program: what may write to the session is output. */
export function program(walk: Walk, call: Call): Truth {
  const name = baseName(call.name);
  if (name === "nohup" || name === "setsid") record(walk, call, "background", firstText(walk, call.words), null);
  else if (writes.has(name)) output(walk, call);
  else record(walk, call, "command", call.name, null);
  return "maybe";
}

export function output(walk: Walk, call: Call): Truth {
  const { out } = walk.streams;
  const name = baseName(call.name);
  const value = printed(name, fieldsOf(call.words, walk.ground));
  if (out === null || value === "") record(walk, call, "command", call.name, null);
  else note(walk, call.node, { kind: "output", name, value, stream: out });
  return "yes";
}

export function textsOf(walk: Walk, words: readonly Word[]): (string | null)[] {
  return fieldsOf(words, walk.ground).map(({ text }: Field) => text);
}

export function firstText(walk: Walk, words: readonly Word[]): string | null {
  return textsOf(walk, words)[0] ?? null;
}

/** `cd` and its kin. */
export function changeFolder(walk: Walk, call: Call): Truth {
  const texts = textsOf(walk, call.words).filter((text) => text === null || !/^-[PLeqsn@]+$/.test(text));
  const [target = call.name === "popd" ? null : walk.ground.home] = texts;
  record(walk, call, "cd", call.name, target);
  if (!isLive(walk)) return "maybe";
  const path = target === null || target === "-" ? null : absolute(walk, target);
  const there = path === null ? null : walk.ground.files.ask("d", path);
  if (there === false) return "no";
  walk.cwd = there ? path : null;
  walk.ground.variables.set("PWD", walk.cwd === null ? { kind: "some" } : textValue(walk.cwd));
  return truth(there);
}

/** The path from the current folder; null where that is not known. */
export function absolute(walk: Walk, path: string): string | null {
  if (path.startsWith("/")) return path;
  return walk.cwd === null ? null : `${walk.cwd === "/" ? "" : walk.cwd}/${path.replace(/^(\.\/)+/, "")}`;
}
