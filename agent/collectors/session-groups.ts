/** Sessions as a support engineer lists them by hand: by account, command and what they wait for, with counts and ages. Pure. */
import { type HungCommand, rfc3339, type SeenGroup } from "../facts/index.ts";
import { programOf } from "./session-front.ts";
import type { SeenSession } from "./sessions.ts";

const mostStarts = 200;
const mostPids = 1_000;
/** Nobody reads more; what comes then is told by account and by the kind of what it waits for. */
const mostGroups = 200;
/** Of a command, and of what it waits for: both may name paths of any length. */
const mostOfText = 300;
const differing = "one thing or another";

export interface Grouping {
  readonly sessions: readonly SeenSession[];
  /** Names by uid; a uid without a name is told by its number. */
  readonly names: ReadonlyMap<number, string>;
  /** What waits for ever in the sandbox. */
  readonly hung: readonly HungCommand[];
  readonly nowMs: number;
}

/** One session with what its group is told by. */
interface Told {
  readonly session: SeenSession;
  readonly account: string;
  readonly hung: HungCommand | null;
  readonly isStuck: boolean;
}

export function sessionGroups({ sessions, names, hung, nowMs }: Grouping): SeenGroup[] {
  const known = Map.groupBy(hung.map(callOf), ({ of }) => of.account);
  const told = sessions.map((session): Told => {
    const account = names.get(session.uid) ?? String(session.uid);
    const same = sameInSandbox(session, known.get(account) ?? []);
    return { session, account, hung: same, isStuck: isStuck(session, same) };
  });
  const oldestFirst = told.sort((a, b) => b.session.ageSeconds - a.session.ageSeconds || a.session.pid - b.session.pid);
  const groups = new Map<string, Told[]>();
  for (const each of oldestFirst) {
    const { waitsFor, says, words } = each.session;
    const state = [each.account, waitsFor, each.isStuck];
    const own = JSON.stringify([...state, says, shapeOf(words)]);
    const key = groups.has(own) || groups.size < mostGroups ? own : JSON.stringify(state);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()]
    .map((group) => groupOf(group, nowMs))
    .sort((a, b) => Number(b.isStuck) - Number(a.isStuck) || b.oldestSeconds - a.oldestSeconds);
}

/** What does not come by itself, or what waits in the sandbox as well, and was seen not to move. */
function isStuck({ patience, stillSeconds }: SeenSession, hung: HungCommand | null): boolean {
  if (stillSeconds === null) return false;
  return patience === "nobody-gives" || (patience === "perhaps-a-person" && hung !== null);
}

/** The program and its options: commands that differ in these are others. */
function shapeOf(words: readonly string[]): readonly string[] {
  return [programOf(words), ...optionsOf(words)];
}

function optionsOf(words: readonly string[]): readonly string[] {
  return words.slice(1).filter((word) => word.startsWith("-"));
}

function groupOf(group: readonly Told[], nowMs: number): SeenGroup {
  const [first] = group;
  if (first === undefined) throw new Error("a group has members");
  const sessions = group.map(({ session }) => session);
  const { account, isStuck: stuck, hung } = first;
  const { waitsFor, says, ageSeconds } = first.session;
  const still = sessions.flatMap(({ stillSeconds }) => (stuck && stillSeconds !== null ? [stillSeconds] : []));
  return {
    account,
    command: inCommon(sessions.map(({ words }) => words)),
    waitsFor,
    says: sessions.every((each) => each.says === says) ? cut(says) : differing,
    isStuck: stuck,
    from: [...new Set(sessions.flatMap(({ from }) => from ?? []))].sort(),
    count: sessions.length,
    oldestSeconds: Math.floor(ageSeconds),
    startedAt: sessions.slice(0, mostStarts).map((session) => rfc3339(nowMs - session.ageSeconds * 1000)),
    pids: sessions.slice(0, mostPids).map(({ pid }) => pid),
    prompt: hung === null || waitsFor !== "input" ? null : generalPrompt(hung),
    stillSeconds: still
      .map(Math.floor)
      .sort((a, b) => b - a)
      .slice(0, mostPids),
  };
}

/** `cp -i -f ... ...`: the words that all have, `...` for those that differ; where there are more or fewer, one for all. */
export function inCommon(commands: readonly (readonly string[])[]): string {
  const [first = [], ...others] = commands;
  const isSame = (at: number) => others.every((words) => words.at(at) === first.at(at));
  const isEven = others.every((words) => words.length === first.length);
  if (isEven) return shown(first.map((word, at) => (isSame(at) ? word : "...")));
  const least = Math.min(...commands.map((words) => words.length));
  let [begin, end] = [0, 0];
  while (begin < least && isSame(begin)) begin += 1;
  while (end < least - begin && isSame(-1 - end)) end += 1;
  return shown([...first.slice(0, begin), "...", ...first.slice(first.length - end)]);
}

function shown(words: readonly string[]): string {
  return cut(words.join(" "));
}

function cut(text: string): string {
  return text.length <= mostOfText ? text : `${text.slice(0, mostOfText - 3).replace(/[\ud800-\udbff]$/, "")}...`;
}

/** What runs the same program in the sandbox, best with the same options; null where nothing does, or it waits otherwise. */
function sameInSandbox({ words, waitsFor }: SeenSession, hung: readonly Call[]): HungCommand | null {
  if (waitsFor !== "input" || hung.length === 0) return null;
  const own = programOf(words);
  const same = hung.filter(({ program }) => program === own);
  const wanted = optionsOf(words).join(" ");
  return (same.find(({ options }) => options === wanted) ?? same[0])?.of ?? null;
}

/** Taken apart once: there may be thousands of sessions. */
interface Call {
  readonly of: HungCommand;
  readonly program: string;
  readonly options: string;
}

function callOf(of: HungCommand): Call {
  const words = of.runs.split(" ");
  return { of, program: programOf(words), options: optionsOf(words).join(" ") };
}

/** `cp: overwrite '...'?`: names of scratch files mean nothing to who reads it. */
function generalPrompt({ runs, prompt }: HungCommand): string {
  const files = runs
    .split(" ")
    .slice(1)
    .filter((word) => word.length > 1 && !word.startsWith("-"));
  const bare = files.flatMap((word) => [word, word.slice(word.lastIndexOf("/") + 1)]).filter((word) => word !== "");
  return bare
    .sort((a, b) => b.length - a.length)
    .reduce((text, word) => text.replaceAll(word, "..."), prompt)
    .trim();
}
