import * as z from "zod";
import { type ModeId, modeOf } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { changeFor, placeOf } from "./wording.ts";

const subject = "working directory";

const comeBack = {
  at: (line: number) => `put line ${line} behind a guard for people, or delete it`,
  nowhere: "find what changes the directory in the startup files that were read, and keep it from engines",
};

function asked(path: string, home: string): string {
  return plain(path === "~" || path.startsWith("~/") ? home + path.slice(1) : path);
}

function plain(path: string): string {
  return path.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
}

/** `su A -c`: where nothing leads elsewhere, commands start where they are called. */
function keepsFolder(mode: ModeId): boolean {
  const { by, start } = modeOf(mode);
  return by === "su" && start === "command";
}

export const workingDirectory = checkKind({
  id: "working-directory",
  summary: "Commands start in the account's home, or in the folder that the rule names.",
  why: "A relative path, and scp without one, means another folder after a cd in a startup file, and says that all went well.",
  consequence: "wrong-target",
  asksAbout: "mode",
  needs: ["cwd"],
  afterStartup: true,
  parameters: z.strictObject({
    path: z
      .string()
      .regex(/^(~|\/)/, "an absolute path, or one that begins with ~")
      .default("~")
      .describe("Where commands start: an absolute path, or one below the home (`~`)."),
  }),
  subjects: () => [subject],
  judge({ path }, { mode, cwd, cwdFrom, home, homeReal }): Judgement[] {
    const wanted = asked(path, home);
    const evidence = { cwd, wanted };
    if (cwd === null && keepsFolder(mode)) {
      return [{ subject, status: "pass", message: "commands start in the folder of whoever calls su", evidence }];
    }
    if (cwd === null) return [{ subject, status: "unknown", message: "where commands start is not known", evidence }];
    if (homeReal === null && path.startsWith("~")) {
      const message = `the home ${home} is no folder, and commands start in ${cwd}`;
      const change = `make the folder ${home}, or correct the account's entry`;
      return [{ subject, status: "fail", consequence: "failed-command", message, change, evidence }];
    }
    const same = [wanted, ...(typeof homeReal === "string" ? [asked(path, homeReal)] : [])];
    if (same.includes(plain(cwd))) {
      return [{ subject, status: "pass", message: `commands start in ${cwd}`, evidence }];
    }
    const message = `commands start in ${cwd}, not in ${wanted}`;
    const cause = cwdFrom ?? {};
    return [{ subject, ...placeOf(cause), status: "fail", message, change: changeFor(cause, comeBack), evidence }];
  },
  examples: [
    {
      says: "su leaves commands in the folder of whoever calls it, which no startup file changed",
      with: {},
      facts: { ...oracle, mode: "su-command", cwd: null },
      fails: [],
    },
    { says: "the home holds", with: {}, facts: { ...oracle, cwd: "/home/oracle" }, fails: [] },
    {
      says: "a cd in a startup file fails",
      with: {},
      facts: { ...oracle, cwd: "/u01", cwdFrom: { where: cshrc(8), line: "cd /u01" } },
      fails: [subject],
    },
    {
      says: "a home that is no folder fails",
      with: {},
      facts: { ...oracle, cwd: "/", homeReal: null },
      fails: [subject],
    },
    {
      says: "a home that is a link holds under its resolved name",
      with: {},
      facts: { ...oracle, cwd: "/data/oracle", homeReal: "/data/oracle" },
      fails: [],
    },
    {
      says: "a folder that is not known is no pass",
      with: {},
      facts: { ...oracle, cwd: null },
      fails: [],
      unknown: [subject],
    },
    {
      says: "a folder that the rule names holds",
      with: { path: "/u01/" },
      facts: { ...oracle, cwd: "/u01" },
      fails: [],
    },
  ],
});
