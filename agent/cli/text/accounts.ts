import type { Listing } from "../parts.ts";
import { folded, pad, padStart, pageColumns, paragraph, widest, wrapped } from "./layout.ts";
import { type Line, span } from "./printable.ts";

const heads = { name: "account", uid: "uid", shell: "shell", why: "why it looks automated", files: "startup files" };

export function accountsText({ accounts, withoutShell, withoutSign }: Listing): Line[] {
  const rest = [
    withoutShell > 0 ? `${many(withoutShell, "account")} without login shell` : "",
    withoutSign > 0 ? `${withoutSign} with no sign of automation (--all lists them)` : "",
  ].filter((part) => part !== "");
  return [
    ...(accounts.length === 0 ? [["no account of this host looks automated"]] : tableOf(accounts)),
    ...(rest.length === 0 ? [] : paragraph(`not listed: ${rest.join(", ")}`)),
  ];
}

function tableOf(accounts: Listing["accounts"]): Line[] {
  const widths = {
    name: widest([heads.name, ...accounts.map(({ account }) => account.name)]),
    uid: widest([heads.uid, ...accounts.map(({ account }) => String(account.uid))]),
    shell: widest([heads.shell, ...accounts.map(({ account }) => account.shell)]),
  };
  const before = widths.name + widths.uid + widths.shell + 6;
  const files = heads.files.length;
  const room = Math.max(24, pageColumns - before - files - 2);
  const cells = (name: string, uid: string, shell: string, why: string, count: string) => {
    const start = `${pad(name, widths.name)}  ${padStart(uid, widths.uid)}  ${pad(shell, widths.shell)}  `;
    return `${start}${pad(why, room)}  ${padStart(count, files)}`;
  };
  return [
    [span(cells(heads.name, heads.uid, heads.shell, heads.why, heads.files), "bold")],
    ...accounts.flatMap(({ account, reasons, startupFiles }) => {
      const [first = "", ...more] = wrapped(reasons.join("; "), room);
      const count = startupFiles === null ? "?" : String(startupFiles);
      return [
        [cells(account.name, String(account.uid), account.shell, first, count)],
        ...more.map((text) => [" ".repeat(before) + text]),
      ];
    }),
  ].flatMap((line) => folded(line));
}

function many(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
