import type { HungCommand, ModeFacts, Waiting } from "../facts/index.ts";

/** What waits for ever in the sandbox, each once: commands that were tried, and startup where none was reached. */
export function hungCommands(account: string, modes: readonly ModeFacts[]): HungCommand[] {
  const found = modes.flatMap(({ startup, tried }): HungCommand[] => [
    ...(startup?.ended === "hang" ? hungBy(account, "", startup) : []),
    ...tried.flatMap((each) => (each.outcome === "hang" ? hungBy(account, each.command, each) : [])),
  ]);
  return [...new Map(found.map((each) => [`${each.sent}\0${each.prompt}`, each])).values()];
}

interface Hangs {
  readonly waiting: Waiting | null;
  readonly prompt: string | null;
  readonly where: { readonly file: string; readonly line: number } | null;
}

/** Only for input: what waits for something else shows no question. */
function hungBy(account: string, sent: string, { waiting, prompt, where }: Hangs): HungCommand[] {
  if (waiting?.for !== "input") return [];
  const place = where === null ? null : { file: where.file, line: where.line };
  return [{ account, sent, runs: waiting.command, prompt: prompt ?? "", where: place }];
}

interface Found {
  readonly account: string;
  readonly status: string;
  readonly consequence: string;
  readonly where: { readonly file: string; readonly line: number } | null;
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
}

/** The same, as findings have it: by those who may not see what was asked, what is sent says which program it is. */
export function hungInFindings(findings: readonly Found[]): HungCommand[] {
  return findings.flatMap(({ account, status, consequence, where, evidence }): HungCommand[] => {
    const { sent, waiting, prompt, waitsFor } = evidence;
    if (status !== "fail" || consequence !== "hang" || waitsFor !== "input") return [];
    const text = (value: typeof sent) => (typeof value === "string" ? value : "");
    const runs = text(waiting) || text(sent);
    if (runs === "") return [];
    const place = where === null ? null : { file: where.file, line: where.line };
    return [{ account, sent: text(sent), runs, prompt: text(prompt), where: place }];
  });
}
