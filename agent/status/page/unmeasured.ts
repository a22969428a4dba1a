/** What is not known, and why: nothing of it counts as holding. */
import { counted, countWords } from "../../facts/amounts.ts";
import { code, type Html, html, joined, nothing, type Part } from "./html.ts";
import { mark } from "./marks.ts";
import type { Reading, Unmeasured } from "./reading.ts";
import { section } from "./section.ts";
import { sentence } from "./words.ts";

const mostRows = 40;
const mostNames = 6;

interface Row {
  readonly title: Part;
  readonly says: Part;
}

/** Null where all was measured. */
export function unmeasuredOf(reading: Reading): Html | null {
  const rows = [...documentRows(reading), ...watchingRows(reading), ...accountRows(reading), ...factRows(reading)];
  if (rows.length === 0) return null;
  const more = rows.length - mostRows;
  return section({
    id: "unmeasured",
    title: "Not measured, and why",
    sentence: "Nothing here counts as holding.",
    body: html`<ul class="rows">
${rows.slice(0, mostRows).map(({ title, says }) => html`<li><h3>${mark("unknown")} ${title}</h3><p class="small-text quiet">${says}</p></li>\n`)}
${more > 0 && html`<li><a href="/v1/status">${countWords(more)} more</a> as JSON</li>`}</ul>`,
  });
}

function documentRows({ status: { documents } }: Reading): Row[] {
  return documents.problems.map((problem) => ({
    title: "A document was not taken",
    says: html`${sentence(problem)} What was in force before stays so.`,
  }));
}

function watchingRows({ status: { watching } }: Reading): Row[] {
  return watching.degraded.map(({ message }) => ({
    title: watching.blind ? "Changes may go unseen" : "Changes are seen late",
    says: sentence(message),
  }));
}

/** Accounts that are watched and not measured at all. */
function accountRows({ status: { accounts, unmeasured } }: Reading): Row[] {
  const told = new Set(unmeasured.filter(({ mode }) => mode === "-").map(({ account }) => account));
  const silent = accounts.filter(({ name, says, measuredAt, state }) => {
    return !told.has(name) && (says !== "" || measuredAt === null) && state !== "quiet";
  });
  const groups = [...Map.groupBy(silent, ({ says }) => says)];
  return groups.map(([says, group]) => ({
    title: namesOf(group.map(({ name }) => name)),
    says: says === "" ? "Not measured yet." : sentence(says),
  }));
}

/** The same reason is told once, with all that it is about. */
function factRows({ status: { unmeasured } }: Reading): Row[] {
  const groups = Map.groupBy(unmeasured, ({ code: word, message, change }) => JSON.stringify([word, message, change]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ title: aboutOf(group), says: says(first) }];
  });
}

function says({ code: word, message, change }: Unmeasured): Part {
  return html`${word !== "" && html`${code(word)}. `}${sentence(message)}${change === "" ? nothing : html` To know: ${change}.`}`;
}

/** `postgres by sudo-login`; one account by several modes, or several accounts. */
function aboutOf(group: readonly Unmeasured[]): Part {
  const byAccount = [...Map.groupBy(group, ({ account }) => account)];
  const [first] = byAccount;
  if (byAccount.length !== 1 || first === undefined) return namesOf(byAccount.map(([account]) => account));
  const [account, rows] = first;
  const modes = [...new Set(rows.map(({ mode }) => mode))].filter((mode) => mode !== "-");
  return modes.length === 0 ? nameOf(account) : html`${nameOf(account)} by ${joined(modes.map(code), ", ")}`;
}

/** `-` stands for what is about the host. */
function nameOf(account: string): string {
  return account === "-" ? "All accounts" : account;
}

function namesOf(given: readonly string[]): Part {
  const names = given.map(nameOf);
  if (names.length <= mostNames) return names.join(", ");
  return `${names.slice(0, mostNames - 1).join(", ")} and ${counted(names.length - mostNames + 1, "more account")}`;
}
