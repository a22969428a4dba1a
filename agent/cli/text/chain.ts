import { type Account, type ModeFacts, modeOf, type Place } from "../../facts/index.ts";

/**
 * A path as it is said in a block that names the account: `~/` for the account's home. A home that is `/`, relative, or
 * not in its plain form stays spelled out, for `~/x` must stand for one file only.
 */
export function tilde(path: string, { home }: Pick<Account, "home">): string {
  const isPlain = /^(\/[^/]+)+$/.test(home) && !/\/\.{1,2}(\/|$)/.test(home);
  return isPlain && path.startsWith(`${home}/`) ? `~/${path.slice(home.length + 1)}` : path;
}

/** How a session comes to the line: who starts the shell, how, and the files that it reads until then. */
export function chainOf(where: Place | null, facts: ModeFacts, account: Account): string {
  const { by, start } = modeOf(facts.mode);
  const words =
    start === "command" ? `${facts.shell.path} -c` : start === "login" ? `-${nameOf(facts)}` : `-${nameOf(facts)} -c`;
  const files = filesUntil(where, facts);
  return [by, words, ...files.map((file) => tilde(file, account))].join(" -> ");
}

function nameOf({ shell }: ModeFacts): string {
  return shell.path.slice(shell.path.lastIndexOf("/") + 1);
}

/** All files that were read, where the line was not found: it stands in one of them. */
function filesUntil(where: Place | null, facts: ModeFacts): string[] {
  const readItself = facts.startupFiles.filter((each) => each.state === "read" && each.through.length === 0);
  const paths = readItself.map((each) => each.path);
  if (where === null) return paths;
  const { file, through } = where;
  const first = through[0] ?? file;
  const before = paths.includes(first) ? paths.slice(0, paths.indexOf(first)) : [];
  return [...before, ...through, file];
}
