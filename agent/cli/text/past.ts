/** When the line came and what was before, as an agent knows it. */

import { rows, shortened } from "../../facts/layout.ts";
import { localMinute } from "../../facts/moment.ts";
import type { Opened, Past, Reviewed } from "../explain/past.ts";
import type { ExplainedName } from "../explained.ts";
import type { Line } from "./printable.ts";

export function pastText({
  past,
  name,
  offsetMinutes,
}: Pick<ExplainedName, "past" | "name" | "offsetMinutes">): Line[] {
  const at = (time: string) => {
    const moment = new Date(time);
    return Number.isNaN(+moment) ? time : localMinute(moment, offsetMinutes(moment));
  };
  return rows("Since when", saysOf(past, name, at));
}

type At = (time: string) => string;

function saysOf(past: Past, name: string, at: At): string[] {
  switch (past.kind) {
    case "no-agent":
      return ["not known: no agent watches this account (rcwarden agent)"];
    case "unheard":
      return [`not known: ${shortened(past.message)}`];
    case "nothing":
      return ["the agent knows of nothing that failed because of it"];
    case "past":
      return [
        ...(past.opened === null ? [] : openedWords(past.opened, at)),
        ...(past.reviewed === null ? [] : [reviewedWords(past.reviewed, name, at)]),
      ];
  }
}

function openedWords({ at: time, isFirst, hint }: Opened, at: At): string[] {
  const began = isFirst
    ? `it failed when the account was first measured, ${at(time)}; the line may be older`
    : `what is sent fails since ${at(time)}; before, it did not`;
  if (hint === null) return [began];
  const { modified, ownerUid, sessions } = hint;
  const names = sessions ?? [];
  const who = names.length === 0 ? "" : `; logged in then: ${shortened(names.join(", "), 200)}`;
  return [began, `the file was saved ${at(modified)}; it is of uid ${ownerUid}${who} (a hint, no more)`];
}

const changes: Readonly<Record<Reviewed["change"], string>> = {
  added: "was not there",
  changed: "was another",
  removed: "was there",
  none: "was the same",
};

function reviewedWords({ acceptedAt, reason, change }: Reviewed, name: string, at: At): string {
  return `when the account was accepted, ${at(acceptedAt)} (${shortened(reason, 200)}), ${name} ${changes[change]}`;
}
