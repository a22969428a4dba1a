/** What became of releases, for people and as JSON. */
import { type AskedRelease, type ReleaseAnswer, shownContent, shownPath } from "../../store/index.ts";
import { pathText } from "./cleanup.ts";
import type { Line } from "./printable.ts";

export interface AnsweredRelease {
  readonly release: AskedRelease;
  readonly answer: ReleaseAnswer;
  /** Why, where the word does not say it. */
  readonly message: string;
}

/** Each that does not count, with its reason; then how many there are of each answer. */
export function releasedText(retention: string, answered: readonly AnsweredRelease[]): Line[] {
  const others = answered.filter(({ answer }) => answer !== "accepted");
  const lines = others.map(({ release: { path }, answer, message }): Line => {
    const why = message === "" ? "" : `: ${message}`;
    return [`  ${answer}  ${pathText(path)}${why}`];
  });
  const counts = [...countsOf(answered)].map(([answer, count]) => `${count} ${answer}`).join(", ");
  return [...lines, [`${retention}: ${counts}`]];
}

export function releasedJson(retention: string, answered: readonly AnsweredRelease[]) {
  return {
    apiVersion: "rcwarden/v1",
    kind: "Released",
    retention,
    answers: answered.map(({ release: { path, size, content }, answer, message }) => ({
      ...{ ...shownPath(path), size, ...shownContent(content), answer, message },
    })),
    summary: Object.fromEntries(countsOf(answered)),
  };
}

function countsOf(answered: readonly AnsweredRelease[]): Map<ReleaseAnswer, number> {
  const counts = new Map<ReleaseAnswer, number>();
  for (const { answer } of answered) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return counts;
}
