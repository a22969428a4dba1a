/** After a crash: what the journal meant to remove and never settled is looked for by the same child, and put back. */
import type { Account } from "../facts/index.ts";
import type { Took } from "../host/bare-child.ts";
import type { FileOutcome, OpenIntent } from "./outcome.ts";
import type { Heard } from "./said-door.ts";
import { runSweeper, type Sent } from "./sweeper.ts";

export type Recovered =
  | {
      readonly kind: "recovered";
      /** For each intent what became of all of its files; none of them says `removed`. */
      readonly outcomes: ReadonlyMap<number, readonly FileOutcome[]>;
      /** Names in quarantine that belong to no intent: in hex, at most 1,000 of them, and how many there are. They stay. */
      readonly strangers: readonly string[];
      readonly strangersInAll: number;
    }
  | { readonly kind: "refused" | "timed-out" | "failed"; readonly message: string };

/** `intents`: all that are open of this root and account. Nothing is removed; a second call finds what the first one left. */
export async function recoverBelow(
  { root }: { readonly root: string },
  account: Account,
  intents: readonly OpenIntent[],
  sent: Sent,
): Promise<Recovered> {
  const { uid, home } = account;
  const outcomes = new Map<number, readonly FileOutcome[]>();
  let recovered: Recovered | null = null;
  let isOpened = false;
  const ask = (say: (asked: unknown) => void) => {
    const next = intents[outcomes.size];
    if (next === undefined) return say(null);
    const { intent, files, rootIdentity } = next;
    return say({ intent, files, rootIdentity });
  };
  const hear = (heard: Heard, say: (asked: unknown) => void): Took => {
    const asked = intents[outcomes.size];
    if (heard.kind === "odd") return heard.message;
    if (heard.kind === "alive") return "more";
    if (heard.kind === "refused") {
      recovered = heard;
      return "enough";
    }
    if (heard.kind === "opened" && !isOpened) {
      isOpened = true;
      ask(say);
    } else if (!isOpened) return outOfTurn;
    else if (heard.kind === "done" && asked?.intent === heard.intent && isAbout(heard.outcomes, asked)) {
      outcomes.set(asked.intent, heard.outcomes);
      ask(say);
    } else if (heard.kind === "strangers" && asked === undefined) {
      recovered = { kind: "recovered", outcomes, strangers: heard.strangers, strangersInAll: heard.count };
      return "enough";
    } else return outOfTurn;
    return "more";
  };
  const end = await runSweeper({ kind: "recover", root, uid, home }, account, sent, hear);
  if (end.kind === "enough" && recovered !== null) return recovered;
  if (end.kind === "late") return { kind: "timed-out", message: end.why };
  return { kind: "failed", message: end.kind === "failed" ? end.why : "the sweeper said nothing" };
}

const outOfTurn = "the sweeper's answer is none to what it was asked";

/** All of its files, each once; and that something was removed nobody can say any more. */
function isAbout(outcomes: readonly FileOutcome[], { files }: OpenIntent): boolean {
  const places = new Set(outcomes.map(({ at }) => at));
  return (
    outcomes.length === files.length &&
    places.size === files.length &&
    outcomes.every(({ at, outcome, sha256 }) => at < files.length && outcome !== "removed" && sha256 === null)
  );
}
