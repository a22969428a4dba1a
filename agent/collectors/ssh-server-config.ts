/**
 * Reads sshd_config(5) as sshd does for one connection: `Include` in place, the first value counts, a `Match` block that
 * applies wins over what stands outside of all. Where a block depends on who connects, what it sets is in doubt. Pure.
 */
import { posix } from "node:path";
import type { Place } from "../facts/index.ts";

/** Who connects, as far as it is known before somebody does. */
export interface Connecting {
  readonly user: string;
  readonly groups: readonly string[];
  /** The port that he connects to; null where it is not known. */
  readonly port: number | null;
}

export interface ConfigFiles {
  /** Null where the file may not be read, or is not there. */
  text(path: string): string | null;
  /** The files that a pattern names, in their order. */
  matching(pattern: string): readonly string[];
}

export interface Setting {
  readonly value: string;
  readonly where: Place;
}

export interface ParsedConfig {
  /** The values of a keyword, lower case; none where it is not set. */
  of(keyword: string): readonly Setting[];
  /** Keywords that a block sets which may apply or not, with the first of these blocks. */
  readonly inDoubt: ReadonlyMap<string, Place>;
  /** Files that should have been read and could not be. */
  readonly unread: readonly string[];
}

/** Whether something holds: `depends` on who connects, and from where. */
type Truth = "yes" | "no" | "depends";

const mostDepth = 16;
/** Several lines add up (sshd_config(5)); of every other keyword the first value counts. */
const adding: readonly string[] = ["allowusers", "denyusers", "allowgroups", "denygroups", "subsystem", "setenv"];
/** The rest of the line is one value, blanks and all. */
const wholeLine: readonly string[] = ["forcecommand", "authorizedkeyscommand"];

export function parseSshdConfig(path: string, files: ConfigFiles, who: Connecting): ParsedConfig {
  const outside = new Map<string, Setting[]>();
  const matched = new Map<string, Setting[]>();
  const inDoubt = new Map<string, Place>();
  const unread: string[] = [];

  const take = (keyword: string, setting: Setting, block: Block) => {
    if (block.applies === "no") return;
    if (block.applies === "depends") {
      if (!inDoubt.has(keyword) && !isSettled(keyword, matched)) inDoubt.set(keyword, block.where ?? setting.where);
      return;
    }
    const into = block.where === null ? outside : matched;
    const before = into.get(keyword) ?? [];
    if (before.length === 0 || adding.includes(keyword)) into.set(keyword, [...before, setting]);
  };

  const read = (file: string, through: readonly string[], given: Block): void => {
    const text = through.length > mostDepth ? null : files.text(file);
    if (text === null) {
      unread.push(file);
      return;
    }
    // A block of an included file ends with that file.
    let block = given;
    for (const [at, line] of text.split("\n").entries()) {
      const parsed = lineOf(line);
      if (parsed === null) continue;
      const where: Place = { file, line: at + 1, column: line.length - line.trimStart().length + 1, through };
      if (parsed.keyword === "match") block = { applies: applies(parsed.words, who), where };
      else if (parsed.keyword === "include") {
        if (block.applies === "no") continue;
        for (const found of included(parsed.words, files)) read(found, [...through, file], block);
      } else take(parsed.keyword, { value: textOf(parsed), where }, block);
    }
  };

  read(path, [], { applies: "yes", where: null });
  return { of: (keyword) => matched.get(keyword) ?? outside.get(keyword) ?? [], inDoubt, unread };
}

interface Block {
  readonly applies: Truth;
  /** Its `Match` line; null outside of all blocks. */
  readonly where: Place | null;
}

/** A block before this one has set it for good. */
function isSettled(keyword: string, matched: ReadonlyMap<string, readonly Setting[]>): boolean {
  return !adding.includes(keyword) && matched.has(keyword);
}

interface ConfigLine {
  readonly keyword: string;
  readonly words: readonly string[];
  readonly rest: string;
}

function lineOf(line: string): ConfigLine | null {
  const [, keyword, rest] = /^\s*([A-Za-z]\w*)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? [];
  if (keyword === undefined || rest === undefined) return null;
  return { keyword: keyword.toLowerCase(), words: wordsOf(rest), rest };
}

/** Words in quotes may hold blanks; `#` begins a comment where a word could begin. */
function wordsOf(rest: string): string[] {
  const words: string[] = [];
  for (const [, quoted, plain] of rest.matchAll(/"((?:\\.|[^"\\])*)"|'[^']*'|(#.*|[^\s"]+)/g)) {
    if (plain?.startsWith("#")) break;
    words.push((quoted ?? plain ?? "").replaceAll(/\\(["\\])/g, "$1"));
  }
  return words;
}

function textOf({ keyword, words, rest }: ConfigLine): string {
  return wholeLine.includes(keyword) ? rest : words.join(" ");
}

/** Relative names are in /etc/ssh. One that is no pattern and not there is passed over, as sshd does. */
function included(patterns: readonly string[], files: ConfigFiles): string[] {
  return patterns.flatMap((pattern) =>
    files.matching(pattern.startsWith("/") ? pattern : posix.join("/etc/ssh", pattern)),
  );
}

/** A criterion and its pattern, or with `=` between them (OpenSSH 10). */
function applies(words: readonly string[], who: Connecting): Truth {
  let all: Truth = "yes";
  for (let at = 0; at < words.length; at++) {
    const [criterion = "", attached] = (words[at] ?? "").split(/=(.*)/s);
    const name = criterion.toLowerCase();
    if (name === "all") continue;
    const pattern = attached ?? words[++at] ?? "";
    const truth = holds(name, pattern, who);
    if (truth === "no") return "no";
    if (truth === "depends") all = "depends";
  }
  return all;
}

function holds(criterion: string, pattern: string, { user, groups, port }: Connecting): Truth {
  switch (criterion) {
    case "user":
      return truth(matchesList(user, pattern));
    case "group":
      return truth(groups.some((group) => matchesList(group, pattern)));
    case "localport":
      return port === null ? "depends" : truth(Number(pattern) === port);
    case "invalid-user":
      return "no";
    default:
      return "depends";
  }
}

function truth(is: boolean): Truth {
  return is ? "yes" : "no";
}

/** A list of patterns (ssh_config(5), PATTERNS): one with `!` that matches refuses, whatever else does. */
export function matchesList(text: string, list: string): boolean {
  const patterns = list.split(",").filter((each) => each !== "");
  if (patterns.some((each) => each.startsWith("!") && matchesPattern(text, each.slice(1)))) return false;
  return patterns.some((each) => !each.startsWith("!") && matchesPattern(text, each));
}

/** `*` and `?`, nothing else. */
export function matchesPattern(text: string, pattern: string): boolean {
  const source = Array.from(pattern, (each) =>
    each === "*" ? ".*" : each === "?" ? "." : each.replace(/[\\^$.|+()[\]{}/]/, "\\$&"),
  );
  return new RegExp(`^${source.join("").replaceAll(/(?:\.\*)+/g, ".*")}$`, "su").test(text);
}
