import { placeValue, type SpecWord } from "../host/launcher-words.ts";
import { mostProcesses } from "./look.ts";
import type { Question } from "./question.ts";

/** The launcher's words for a question. `leave`: mount points that did not answer and are not touched again. */
export function specOf(question: Question, agent: number, leave: readonly string[]): SpecWord[] {
  const { account } = question;
  return [
    ["sandbox", question.sandbox],
    ["parent", String(agent)],
    ["uid", String(account.uid)],
    ["gid", String(account.gid)],
    ...account.groups.map((group): SpecWord => ["group", String(group)]),
    ["home", account.home],
    ["cwd", question.cwd ?? account.home],
    ["program", question.program],
    ...question.argv.map((word): SpecWord => ["arg", word]),
    ...Object.entries(question.env).map(([name, value]): SpecWord => ["env", `${name}=${value}`]),
    ["umask", question.umask.toString(8)],
    ...question.limits.map((limit): SpecWord => ["limit", `${limit.name}:${limit.soft}:${limit.hard}`]),
    ...(question.terminal ? [["terminal", "1"] as const] : []),
    ["witness", question.witness ? "1" : "0"],
    ["size", String(question.tmpfsBytes)],
    ["processes", String(mostProcesses)],
    ...question.places.map(
      (place): SpecWord => ["place", placeValue(place.type, place.mode, place.path, place.content)],
    ),
    ...leave.map((mountPoint): SpecWord => ["leave", mountPoint]),
  ];
}
