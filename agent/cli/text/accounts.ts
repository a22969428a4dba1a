import type { Automated, Automation } from "../../collectors/automation.ts";
import { folded, pad, padStart, pageColumns, paragraph, widest, wrapped } from "../../facts/layout.ts";
import { type Line, span } from "./printable.ts";

export interface Listing extends Automation {
  readonly accounts: readonly (Automated & {
    /** That its shell reads by `ssh host CMD`; null where that could not be had. */
    readonly startupFiles: number | null;
  })[];
}

const heads = ["account", "uid", "shell", "why it looks automated", "startup files"] as const;

export function accountsText({ accounts, root, notListed }: Listing): Line[] {
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

function tableOf(accounts: Listing["accounts"]): Line[] {
  const [name, uid, shell, why, files] = heads;
  const widths = [
    widest([name, ...accounts.map(({ account }) => account.name)]),
    widest([uid, ...accounts.map(({ account }) => String(account.uid))]),
    widest([shell, ...accounts.map(({ account }) => account.shell)]),
  ] as const;
  const before = widths[0] + widths[1] + widths[2] + 6;
  const room = Math.max(24, pageColumns - before - files.length - 2);
  const line = (cells: readonly [name: string, uid: string, shell: string, why: string, files: string]) => {
    const start = `${pad(cells[0], widths[0])}  ${padStart(cells[1], widths[1])}  ${pad(cells[2], widths[2])}  `;
    return `${start}${pad(cells[3], room)}  ${padStart(cells[4], files.length)}`;
  };
  const lines: Line[] = accounts.flatMap(({ account, reasons, startupFiles }) => {
    const [first = "", ...more] = wrapped(reasons.join("; ") || "no sign of it", room);
    const count = startupFiles === null ? "?" : String(startupFiles);
    return [
      [line([account.name, String(account.uid), account.shell, first, count])],
      ...more.map((text) => [" ".repeat(before) + text]),
    ];
  });
  return [[span(line([name, uid, shell, why, files]), "bold")], ...lines].flatMap((each) => folded(each));
}

function many(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
