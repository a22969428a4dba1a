/** One round of `check`: from documents and accounts to verdicts and a report; what is wrong becomes a refusal. */
import { checkKinds, type Severity } from "../checks/index.ts";
import {
  documentsInForce,
  type Loaded,
  policiesInForce,
  problemsSummary,
  problemText,
  whatHolds,
} from "../documents/index.ts";
import { evaluate, exitCode, type Measured, replacedIn, report, waive } from "../evaluate/index.ts";
import type { Account, ModeId } from "../facts/index.ts";
import { inForce } from "../runs/in-force.ts";
import { measureAll } from "../runs/measure-all.ts";
import { whom } from "../runs/whom.ts";
import type { Checked } from "./checked.ts";
import type { Outcome, Trouble } from "./format/index.ts";
import {
  filesInstead,
  hostInstead,
  type InsteadWish,
  nothingInstead,
  placesInstead,
  replacementsOf,
  withUnread,
} from "./instead.ts";
import type { Parts } from "./parts.ts";

export interface Wish {
  readonly accounts: readonly string[];
  readonly modes: readonly ModeId[] | undefined;
  readonly policyPaths: readonly string[];
  readonly withinMs: number;
  readonly failOn: Severity;
  /** Left out where all is measured as it is. */
  readonly instead?: InsteadWish;
}

export interface Refused {
  readonly kind: "refused";
  readonly problems: readonly Trouble[];
  /** The same for stderr. */
  readonly remarks: readonly string[];
}

export type Once =
  | Refused
  | {
      readonly kind: "checked";
      readonly checked: Checked;
      readonly outcome: Outcome;
      /** Why these accounts, where nobody named them. */
      readonly notes: readonly string[];
    };

export interface Telling {
  /** Whom it is about, before any is measured. */
  chosen?(accounts: readonly Account[]): Promise<void>;
  progress(text: string): void;
}

export async function checkOnce(wish: Wish, parts: Parts, version: string, telling: Telling): Promise<Once> {
  const { modes: asked, withinMs, failOn, instead = nothingInstead } = wish;
  const files = await filesInstead(instead, parts);
  const place = await hostInstead({ ...instead, accounts: wish.accounts }, parts);
  const wrong = [files, place].flatMap((each) => (each.kind === "refused" ? each.problems : []));
  if (files.kind === "refused" || place.kind === "refused") return wrongCall(wrong);
  const loaded = await parts.documents(wish.policyPaths);
  if (loaded.kind === "problems") return brokenDocuments(loaded);
  const policies = policiesInForce(loaded.set);
  const { grant } = loaded.host;
  const chosen = await whom(place.accounts, policies, place.host, grant.kind === "grant" ? grant.grant : null);
  if (chosen.kind === "refused") return wrongCall(chosen.problems);
  const applying = policies.map((policy) => inForce(policy, loaded.set, chosen.accounts, chosen.groups));
  const placed = await placesInstead(files.files, chosen.accounts, parts);
  if (placed.kind === "refused") return wrongCall(placed.problems);
  await telling.chosen?.(chosen.accounts);

  const how = whatHolds(grant)?.measure.how ?? "reading";
  const replaced = replacementsOf(placed.of);
  const plan = { accounts: chosen.accounts, policies: applying, modes: asked, withinMs, how, replaced };
  const found = await measureAll(plan, parts.measure, ({ account, mode }, done, all) => {
    telling.progress(`measuring ${account.name}, ${mode} (${done + 1} of ${all})`);
  });
  const held = found.map((each) => replacedIn(each, placed.of.get(each.account.name) ?? []));
  const measured = found.map((each, at) => ({ ...each, modes: withUnread(each, held[at] ?? [], parts) }));
  const idle = measured.filter((each) => each.modes.length === 0);
  if (idle.length > 0) return wrongCall(idle.map(unentered));

  const judged = evaluate({ policies: applying, measured, checks: checkKinds, ...(asked && { modes: asked }) });
  const verdicts = waive(judged, loaded.host.exceptions, parts.now().getTime());
  const { missing, notes } = chosen;
  const time = parts.now().toISOString();
  const host = { id: null, name: parts.hostName };
  const code = exitCode(verdicts, measured, failOn);
  return {
    kind: "checked",
    checked: { policies, measured, verdicts, missing, replaced: held.flat() },
    outcome: {
      report: report({
        time,
        host,
        version,
        applied: documentsInForce(loaded.set),
        replaced: held.flat(),
        measured,
        verdicts,
      }),
      missing,
      verdicts,
      failOn,
      code: code === 0 && missing.length > 0 ? 3 : code,
    },
    notes: [...place.notes, ...notes],
  };
}

/** A call that cannot be done as it was meant. */
export function wrongCall(problems: readonly string[]): Refused {
  return {
    kind: "refused",
    problems: problems.map((message) => ({ code: "call", message, where: null })),
    remarks: problems.map((problem) => `rcwarden check: ${problem}`),
  };
}

function brokenDocuments({ problems, documents }: Extract<Loaded, { readonly kind: "problems" }>): Refused {
  return {
    kind: "refused",
    problems: problems.map((problem) => {
      const { code, file, line, column } = problem;
      return { code, message: problemText(problem), where: { file, line, column } };
    }),
    remarks: [...problems.map(problemText), problemsSummary(problems, documents)],
  };
}

function unentered({ account }: Measured): string {
  return `${account.name}: expected an engine that says how it comes in, found none; name one in the policy, or use --mode`;
}
