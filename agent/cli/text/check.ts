/** The text of `check`: what is sent, what happens, because of which line, what to change. */
import { type Consequence, consequences } from "../../checks/index.ts";
import type { Policy } from "../../documents/index.ts";
import type { Replaced, Verdict } from "../../evaluate/index.ts";
import type { ModeFacts } from "../../facts/index.ts";
import { edge, folded, list, pad, padStart, paragraph, rows, spread, widest } from "../../facts/layout.ts";
import type { Missing } from "../../runs/whom.ts";
import type { Checked, CheckedAccount } from "../checked.ts";
import { guiltyOf, undecidedOf } from "./blocks.ts";
import { guiltyText } from "./guilty.ts";
import { type Line, type Span, type Style, span } from "./printable.ts";
import { hostText } from "./this-host.ts";
import { undecidedText } from "./undecided.ts";
import { isWaived, waivedText } from "./waived.ts";

export function checkText(checked: Checked): Line[] {
  const accounts = checked.measured.map(({ account, modes }): CheckedAccount => {
    return { account, modes, verdicts: checked.verdicts.filter((verdict) => verdict.account === account.name) };
  });
  const modes = accounts.flatMap((each) => each.modes);
  const widths = {
    name: widest([...accounts.map(({ account }) => account.name), ...checked.missing.map(({ account }) => account)]),
    shell: widest(modes.map(({ shell }) => shell.path)),
    mode: widest(modes.map(({ mode }) => mode)),
  };
  return [
    ...accounts.flatMap((each) => [...accountText(each, widths), []]),
    ...checked.missing.flatMap((each) => [...missingText(each), []]),
    ...hostText(checked.verdicts),
    ...(checked.replaced ?? []).flatMap(replacedText),
    ...summaryText(accounts, checked),
  ];
}

function replacedText({ account, file, by, readIn }: Replaced): Line[] {
  const where = readIn.length === 0 ? "and was not read" : `read in ${readIn.join(", ")}`;
  return paragraph(`For ${account}, ${file} held what ${by} holds, ${where}; nothing on the host was changed.`);
}

interface Widths {
  readonly name: number;
  readonly shell: number;
  readonly mode: number;
}

function accountText(checked: CheckedAccount, widths: Widths): Line[] {
  const guilty = guiltyOf(checked.verdicts).flatMap((block) => [[], ...guiltyText(block, checked)]);
  const undecided = undecidedOf(checked).flatMap((block) => [[], ...undecidedText(block, checked)]);
  const follow = checked.verdicts.filter(
    (verdict) => verdict.status === "unknown" && !verdict.finding && !verdict.waived,
  );
  const unreached: Line[] =
    follow.length === 0
      ? []
      : [[], ...paragraph(`${follow.length} more could not be decided, because of the above`, 2)];
  return [
    ...checked.modes.flatMap((facts, at) => [
      ...headerText(checked, facts, widths, at === 0),
      ...passText(checked, facts),
    ]),
    ...guilty,
    ...undecided,
    ...unreached,
    ...waivedText(checked),
  ];
}

function headerText({ account, verdicts }: CheckedAccount, facts: ModeFacts, widths: Widths, first: boolean): Line[] {
  const own = verdicts.filter(({ mode }) => mode === facts.mode || (mode === "-" && first));
  const counts = (["fail", "pass", "unknown", "waived"] as const)
    .map((status) => ({ status, count: own.filter((verdict) => countedAs(verdict) === status).length }))
    .filter(({ count }) => count > 0)
    .flatMap(({ status, count }, at): Span[] => [
      at === 0 ? "" : ", ",
      span(`${count} ${countWords[status][count === 1 ? 0 : 1]}`, countStyles[status]),
    ]);
  const names = [pad(account.name, widths.name), pad(facts.shell.path, widths.shell), pad(facts.mode, widths.mode)];
  const seconds = padStart(`${facts.seconds.toFixed(2)} s`, 9);
  return spread([span(names[0] ?? "", "bold"), `  ${names.slice(1).join("  ")}`], [...counts, seconds], edge);
}

/** What is waived counts as nothing else; what only follows from it as nothing at all. */
function countedAs(verdict: Verdict): Verdict["status"] | "waived" | null {
  if (verdict.waived === undefined) return verdict.status;
  return isWaived(verdict) ? "waived" : null;
}

const countWords = {
  fail: ["fails", "fail"],
  pass: ["pass", "pass"],
  unknown: ["unknown", "unknown"],
  waived: ["waived", "waived"],
} as const;
const countStyles: Readonly<Record<keyof typeof countWords, Style>> = {
  fail: "red",
  pass: "green",
  unknown: "yellow",
  waived: "dim",
};

/** For a mode in which everything holds: what stands behind that word. */
function passText({ verdicts }: CheckedAccount, facts: ModeFacts): Line[] {
  const own = verdicts.filter(({ mode }) => mode === facts.mode || mode === "-");
  if (own.some(({ status }) => status !== "pass")) return [];
  const tried = facts.tried.map(({ command }) => withoutPlaceholders(command));
  const resolved = own
    .filter((verdict) => typeof verdict.evidence.sent === "string" && !triedIn(verdict, facts))
    .map(({ subject }) => subject);
  const parts = [
    tried.length === 0 ? "" : `tried ${list(tried)}: ${tried.length === 1 ? "it does" : "each did"} what it says`,
    resolved.length === 0 ? "" : `looked up ${list(resolved)}`,
    `read ${readWords(facts)}`,
  ];
  return paragraph(parts.filter((part) => part !== "").join("; "), 2);
}

function triedIn({ subject }: Verdict, { tried }: ModeFacts): boolean {
  return tried.some(({ command }) => command === subject);
}

function readWords({ startupFiles }: ModeFacts): string {
  const read = startupFiles.filter(({ state }) => state === "read").length;
  return `${read} of ${startupFiles.length} startup ${startupFiles.length === 1 ? "file" : "files"} looked for`;
}

/** `rm -f {file}` is known as `rm -f` to whoever wrote the policy. */
function withoutPlaceholders(command: string): string {
  return command.replace(/\s*\{[a-z]+\}/g, "").trim();
}

const missingWords: Readonly<Record<Missing["code"], { readonly title: string; readonly change: string }>> = {
  "no-account": { title: "there is no such account", change: "make the account, or take it out of the policy" },
  "account-unavailable": {
    title: "the account could not be looked up",
    change: "see why the name service does not answer",
  },
  "not-granted": {
    title: "the host's owner has not granted it",
    change: "the host's owner adds it to measure.accounts of the Grant",
  },
};

function missingText({ account, message, code }: Missing): Line[] {
  const { title, change } = missingWords[code];
  return [
    ...folded([span(account, "bold")]),
    [],
    ["  ", span(pad("UNKNOWN", 10), "yellow"), span(title, "bold")],
    ...rows("Because", [message]),
    ...rows("Change", [change]),
  ];
}

/** How an account that fails is told in one clause; the worst of its consequences decides. */
const suffers: Readonly<Record<Consequence, string>> = {
  hang: "would make an engine wait for ever",
  "silent-success": "would tell an engine that something is done that is not",
  "failed-command": "would fail an engine's commands",
  "corrupted-stream": "would spoil what an engine reads",
  "wrong-target": "would run something else than an engine sends",
  slow: "would slow an engine down",
  leak: "would leak what an engine sends",
  "lock-out": "would lock an engine out",
  security: "would endanger the host",
};

function summaryText(accounts: readonly CheckedAccount[], { policies, missing }: Checked): Line[] {
  const failing = accounts.map(({ verdicts }) => verdicts.filter((verdict) => countedAs(verdict) === "fail"));
  const worst = failing.flatMap(
    (verdicts) => consequences.find((each) => verdicts.some((v) => v.consequence === each)) ?? [],
  );
  const clauses = consequences
    .map((consequence) => ({ consequence, count: worst.filter((each) => each === consequence).length }))
    .filter(({ count }) => count > 0)
    .map(({ consequence, count }) => `${count} ${suffers[consequence]}`);
  const undecided =
    accounts.filter((each) => !fails(each) && (undecidedOf(each).length > 0 || unknown(each))).length + missing.length;
  if (undecided > 0) clauses.push(`${undecided} could not be determined`);
  const waived = accounts.flatMap(({ verdicts }) => verdicts.filter(isWaived)).length;
  if (waived > 0) clauses.push(`${waived} ${waived === 1 ? "finding" : "findings"} waived`);
  const measured = `${accounts.length} ${accounts.length === 1 ? "account" : "accounts"} measured`;
  const tried = accounts.some(({ modes }) => modes.some((facts) => facts.tried.length > 0));
  const held = tried ? "what the engine sends does what it says" : "every rule holds";
  const names = list(policies.map(policyWords));
  const sentence = clauses.length === 0 ? `${measured}; ${held}.` : `${[measured, ...clauses].join(", ")}.`;
  return paragraph(`${sentence} ${policies.length === 1 ? "Policy" : "Policies"}: ${names}.`);
}

function fails({ verdicts }: CheckedAccount): boolean {
  return verdicts.some((verdict) => countedAs(verdict) === "fail");
}

function unknown({ verdicts }: CheckedAccount): boolean {
  return verdicts.some((verdict) => countedAs(verdict) === "unknown");
}

function policyWords({ name, origin }: Policy): string {
  return `${name} (${origin.shipped ? "shipped" : origin.file})`;
}
