import type { SessionsFacts, Share } from "../facts/index.ts";

/**
 * Sessions as they may be seen: of `account` only, where one is named, and without what a check knows besides. By names, the
 * words behind a command's own are left out (they name files), and so is what it asks.
 */
export function shownSessions(
  { at, groups, problem }: SessionsFacts,
  account: string | undefined,
  share: Share,
): SessionsFacts {
  const own = groups.filter((group) => account === undefined || group.account === account);
  return {
    at,
    problem,
    groups: own.map(
      ({ account: of, command, waitsFor, says, isStuck, from, count, oldestSeconds, startedAt, pids, prompt }) => ({
        account: of,
        command: share === "names" ? firstWord(command) : command,
        waitsFor,
        says: share === "names" ? waits[waitsFor] : says,
        isStuck,
        from,
        count,
        oldestSeconds,
        startedAt,
        pids,
        prompt: share === "names" ? null : prompt,
      }),
    ),
  };
}

function firstWord(command: string): string {
  const [first = ""] = command.split(" ");
  return first === command ? command : `${first} ...`;
}

/** What is waited for, without the host's own words. */
const waits: Readonly<Record<SessionsFacts["groups"][number]["waitsFor"], string>> = {
  input: "input",
  time: "time to pass",
  lock: "a lock",
  fifo: "a FIFO",
  network: "the network",
  child: "a process of its own",
  stopped: "to be let go on",
  cpu: "nothing: it computes",
  other: "something else",
  unknown: "what could not be read",
};
