/** `sessions`: what waits, for what, and what can be done about it by whom. rcwarden does none of it. */
import { counted, countWords } from "../../facts/amounts.ts";
import type { Account, HungCommand, SessionGroup, SessionsFacts } from "../../facts/index.ts";
import {
  columns,
  folded,
  pad,
  padStart,
  pageColumns,
  paragraph,
  shortened,
  widest,
  wrapped,
} from "../../facts/layout.ts";
import { duration } from "../../facts/moment.ts";
import { shellWord } from "../../facts/shell-word.ts";
import { tilde } from "./chain.ts";
import { type Line, span } from "./printable.ts";

export interface SessionsTold {
  readonly facts: SessionsFacts;
  /** The agent that said so; null where they were looked at now. */
  readonly socket: string | null;
  readonly hung: readonly HungCommand[];
  /** The only one that was asked about, or null. */
  readonly account: string | null;
  /** Of the accounts whose commands are stuck; those that the name service does not name are left out. */
  readonly accounts: readonly Account[];
  readonly now: Date;
}

const mostGroups = 20;

export function sessionsText(told: SessionsTold): Line[] {
  const { facts } = told;
  const stuck = facts.groups.filter(({ isStuck }) => isStuck);
  const sumOf = (groups: readonly SessionGroup[]) => groups.reduce((sum, { count }) => sum + count, 0);
  const unread = sumOf(facts.groups.filter(({ waitsFor }) => waitsFor === "unknown"));
  const others = sumOf(facts.groups.filter(({ isStuck }) => !isStuck)) - unread;
  const rest = [
    ...(stuck.length > 0 && others > 0 ? paragraph(getsOn(others, "other command")) : []),
    ...(unread > 0
      ? paragraph(
          `${counted(unread, "command")} of SSH sessions ${unread === 1 ? "runs" : "run"}, and what ${unread === 1 ? "it waits" : "they wait"} for is not known`,
        )
      : []),
    ...(facts.problem === "" ? [] : paragraph(`not all could be seen: ${facts.problem}`)),
    ...agentSaid(told),
  ];
  if (stuck.length > 0)
    return [...tableOf(stuck), [], ...stepsFor(stuck, told), ...(rest.length === 0 ? [] : [[], ...rest])];
  if (others > 0)
    return [...paragraph(`${getsOn(others, "command")}; none that was seen waits for what nobody gives`), ...rest];
  if (unread > 0) return rest;
  return [...paragraph(facts.problem === "" ? "no SSH session runs a command" : "no SSH session was seen"), ...rest];
}

function getsOn(count: number, what: string): string {
  return `${counted(count, what)} of SSH sessions ${count === 1 ? "gets" : "get"} on (--json shows each)`;
}

function agentSaid({ socket, facts, now }: SessionsTold): Line[] {
  if (socket === null) return [];
  const ago = duration(now.getTime() - Date.parse(facts.at));
  return paragraph(`as the agent saw those whom it watches, ${ago} ago (${socket})`);
}

interface Cells {
  readonly account: string;
  readonly says: string;
  readonly command: string;
  readonly from: string;
  readonly count: string;
  readonly oldest: string;
}

const heads: Cells = {
  account: "account",
  says: "waits for",
  command: "command",
  from: "from",
  count: "n",
  oldest: "oldest",
};

/** Whose they are is said where they are of several. */
function tableOf(stuck: readonly SessionGroup[]): Line[] {
  const shown = stuck.slice(0, mostGroups);
  const rows = shown.map(cellsOf);
  const width = (cell: keyof Cells, most: number) =>
    widest(
      [heads, ...rows].map((row) => row[cell]),
      most,
    );
  const isOne = new Set(stuck.map(({ account }) => account)).size === 1;
  const widths = { account: isOne ? 0 : width("account", 16), says: width("says", 26), from: width("from", 15) };
  const numbers = { count: width("count", 6), oldest: width("oldest", 7) };
  const fixed = (isOne ? 0 : widths.account + 2) + widths.says + 2 + widths.from + numbers.count + numbers.oldest + 6;
  const room = Math.max(20, pageColumns - fixed);
  const begin = isOne ? 0 : widths.account + 2;
  const line = (row: Cells): Line[] => {
    const parts = {
      says: wrapped(row.says, widths.says),
      command: wrapped(row.command, room),
      from: wrapped(row.from, widths.from),
    };
    const height = Math.max(parts.says.length, parts.command.length, parts.from.length);
    return Array.from({ length: height }, (_, at) => {
      const account = isOne ? "" : `${pad(at === 0 ? shortenedTo(row.account, widths.account) : "", widths.account)}  `;
      const right = at === 0 ? `  ${padStart(row.count, numbers.count)}  ${padStart(row.oldest, numbers.oldest)}` : "";
      const [says = "", command = "", from = ""] = [parts.says[at], parts.command[at], parts.from[at]];
      return [`${account}${pad(says, widths.says)}  ${pad(command, room)}  ${pad(from, widths.from)}${right}`];
    });
  };
  const more = stuck.slice(mostGroups).reduce((sum, { count }) => sum + count, 0);
  return [
    ...line(heads).map((each): Line => [span(each.join(""), "bold")]),
    ...rows.flatMap((row, at) => [...line(row), ...promptOf(shown[at], begin)]),
    ...(more === 0 ? [] : paragraph(`and ${counted(more, "more command")} (--json shows each)`)),
  ];
}

function shortenedTo(text: string, room: number): string {
  return columns(text) <= room ? text : `${wrapped(text, room - 3)[0]}...`;
}

function cellsOf({ account, says, command, from, count, oldestSeconds }: SessionGroup): Cells {
  const [first = "?", ...others] = from;
  return {
    account,
    says,
    command: shortened(command, 200),
    from: others.length === 0 ? first : `${first} and ${others.length} more`,
    count: countWords(count),
    oldest: duration(oldestSeconds * 1000),
  };
}

function promptOf(group: SessionGroup | undefined, indent: number): Line[] {
  if (group === undefined || group.prompt === null) return [];
  const question = group.prompt.trim();
  const says =
    question === ""
      ? "the same command waits in the sandbox and says nothing"
      : `the same command in the sandbox waits at: ${shortened(question, 200)}`;
  return paragraph(says, indent + 2);
}

function stepsFor(stuck: readonly SessionGroup[], told: SessionsTold): Line[] {
  const steps: readonly (readonly Line[])[] = [...linesOf(stuck, told), endThem(stuck, told.account), leftBehind];
  return steps.flatMap((step, at) => {
    const [first = [""], ...more] = step;
    return [...folded([span(`  ${at + 1}  `, "bold"), ...first], 5), ...more];
  });
}

/** The line that makes them wait: as long as it stands, ending them ends nothing. */
function linesOf(stuck: readonly SessionGroup[], { hung, accounts }: SessionsTold): Line[][] {
  const found = stuck.flatMap((group) => {
    const own = hung.filter(({ account }) => account === group.account);
    return own.filter(({ runs, where }) => where !== null && programOf(runs) === programOf(group.command));
  });
  const places = new Map(
    found.flatMap((each) => (each.where === null ? [] : [[`${each.where.file}:${each.where.line}`, each]])),
  );
  if (places.size === 0) {
    const names = [...new Set(stuck.map(({ account }) => account))];
    return [
      [
        [
          `see what makes them wait, otherwise it fills again:  rcwarden check${names.length === 1 ? ` --account ${shellWord(names[0] ?? "")}` : ""}`,
        ],
      ],
    ];
  }
  return [...places.values()].map(({ account, where }) => {
    const of = accounts.find(({ name }) => name === account);
    const file = where === null ? "" : of === undefined ? where.file : tilde(where.file, of);
    const isOwn = of !== undefined && of.uid !== 0 && file.startsWith("~/");
    return [
      [`change ${file}:${where?.line ?? ""} (who may: ${isOwn ? `${account}, ` : ""}root); otherwise it fills again`],
    ];
  });
}

function programOf(command: string): string {
  const [first = ""] = command.split(" ");
  return first.slice(first.lastIndexOf("/") + 1);
}

function endThem(stuck: readonly SessionGroup[], named: string | null): Line[] {
  const count = stuck.reduce((sum, group) => sum + group.count, 0);
  const accounts = [...new Set(stuck.map(({ account }) => account))].filter((name) => name !== "root");
  const owners = accounts.length > 2 ? ["each its own"] : accounts;
  const who = [...owners, "root"].join(", ");
  const what = count === 1 ? "end the command" : `end the ${countWords(count)} commands`;
  const only = named === null ? "" : ` --account ${shellWord(named)}`;
  const pids = stuck.flatMap((group) => group.pids);
  const rest = `rcwarden sessions${only} --pids lists all; rcwarden ends nothing itself`;
  const room = pageColumns - killIndent.length - gap.length - columns(rest);
  const kill =
    room < leastOfKill
      ? [
          [killIndent, killWords(pids, pageColumns - killIndent.length)],
          [killIndent, rest],
        ]
      : [[killIndent, killWords(pids, room), gap, rest]];
  return [[`${what} (who may: ${who}; the engine sees a failed command):`], ...kill];
}

const killIndent = "       ";
const gap = "   ";
/** `kill 4194304 ...` */
const leastOfKill = 16;

/** As many as find room; numbers only, whatever the host said. */
function killWords(pids: readonly number[], room: number): string {
  let words = "kill";
  for (const [at, pid] of pids.entries()) {
    const next = `${words} ${Math.trunc(pid)}`;
    if (next.length + (at < pids.length - 1 ? 4 : 0) > room) return `${words} ...`;
    words = next;
  }
  return words;
}

const leftBehind: Line[] = [["see what was left behind:  rcwarden cleanup plan"]];
