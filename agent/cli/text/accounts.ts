import type { Automated, Automation } from "../../collectors/automation.ts";
import { folded, pad, padStart, pageColumns, paragraph, widest, wrapped } from "./layout.ts";
import { type Line, span } from "./printable.ts";

const heads = ["account", "uid", "shell", "why it looks automated"] as const;

export function accountsText({ accounts, root, notListed }: Automation): Line[] {
  const rest = [
    notListed.withoutShell > 0 ? `${many(notListed.withoutShell, "account")} without login shell` : "",
    notListed.withoutSign > 0 ? `${notListed.withoutSign} with no sign of automation (--all lists them)` : "",
  ].filter((part) => part !== "");
  return [
    ...(accounts.length === 0 ? paragraph("no account of this host looks automated") : tableOf(accounts)),
    ...(root === null ? [] : paragraph(`root: ${root.reasons.join("; ")} (measured by name only: --account root)`)),
    ...(rest.length === 0 ? [] : paragraph(`not listed: ${rest.join(", ")}`)),
  ];
}

function tableOf(accounts: readonly Automated[]): Line[] {
  const [name, uid, shell, why] = heads;
  const widths = [
    widest([name, ...accounts.map(({ account }) => account.name)]),
    widest([uid, ...accounts.map(({ account }) => String(account.uid))]),
    widest([shell, ...accounts.map(({ account }) => account.shell)]),
  ] as const;
  const start = (ofName: string, ofUid: string, ofShell: string) =>
    `${pad(ofName, widths[0])}  ${padStart(ofUid, widths[1])}  ${pad(ofShell, widths[2])}  `;
  const before = widths[0] + widths[1] + widths[2] + 6;
  const lines: Line[] = accounts.flatMap(({ account, reasons }) => {
    const [first = "", ...more] = wrapped(reasons.join("; ") || "no sign of it", pageColumns - before);
    const indent = " ".repeat(before);
    return [[start(account.name, String(account.uid), account.shell) + first], ...more.map((text) => [indent + text])];
  });
  return [[span(start(name, uid, shell) + why, "bold")], ...lines].flatMap((line) => folded(line));
}

function many(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
