import * as z from "zod";
import { modeOf, type SudoEntry, type SudoFacts } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { oracle } from "./example-facts.ts";

type Told = Extract<SudoFacts, { readonly kind: "told" }>;

interface Wish {
  readonly command: string;
  readonly runAs: string;
}

/** As far as it can be told from what sudo lists: its patterns and groups are its own affair. */
type Fit = "yes" | "no" | "maybe";

function fitsWho(runAs: readonly string[], wanted: string): Fit {
  const isIt = (name: string) => name === "ALL" || name === wanted || (name === "#0" && wanted === "root");
  if (runAs.some(isIt)) return "yes";
  return runAs.some((name) => /^[%!#+]/.test(name)) ? "maybe" : "no";
}

/** `/bin/x` fits any words behind it, `/bin/x ""` none, `/bin/x a b` just these. */
function fitsCommand(allowed: string, wanted: string): Fit {
  if (allowed === "ALL" || allowed === wanted) return "yes";
  const [program = ""] = wanted.split(" ");
  if (allowed === program) return "yes";
  if (allowed === `${program} ""`) return program === wanted ? "yes" : "no";
  const isOwnAffair = /[*?[\\^]/.test(allowed) || allowed.endsWith("/") || /^sha\d+:/.test(allowed);
  return isOwnAffair ? "maybe" : "no";
}

interface Decides {
  readonly fit: "yes" | "maybe";
  readonly entry: SudoEntry;
  readonly isForbidden: boolean;
}

/** The last that fits decides; null where none does. */
function decidingEntry({ entries }: Told, { command, runAs }: Wish): Decides | null {
  for (const entry of entries.toReversed()) {
    const who = fitsWho(entry.runAs, runAs);
    if (who === "no") continue;
    for (const listed of entry.commands.toReversed()) {
      const isForbidden = listed.startsWith("!");
      const fit = fitsCommand(isForbidden ? listed.slice(1) : listed, command);
      if (fit !== "no") return { fit: fit === "maybe" || who === "maybe" ? "maybe" : "yes", entry, isForbidden };
    }
  }
  return null;
}

/** The last word on an option: `requiretty` or `!requiretty`; null where nobody says one. */
function said(option: string, words: readonly string[]): boolean | null {
  const last = words.findLast((word) => word === option || word === `!${option}`);
  return last === undefined ? null : last === option;
}

function judgeTold(
  told: Told,
  wish: Wish,
  { uid, hasTerminal }: { readonly uid: number; readonly hasTerminal: boolean },
): Omit<Judgement, "subject"> {
  const { command, runAs } = wish;
  const decides = decidingEntry(told, wish);
  const forbid = (message: string, change: string) => ({ status: "fail", message, change }) as const;
  const undecided = (message: string) => ({ status: "unknown", message }) as const;
  if (decides === null || (decides.isForbidden && decides.fit === "yes")) {
    const change = `allow it in /etc/sudoers.d with NOPASSWD: ${command}, or have the engine do without it`;
    return forbid(`sudo does not allow ${command} as ${runAs}`, change);
  }
  if (decides.fit === "maybe")
    return undecided(`whether ${command} as ${runAs} is meant by sudoers only sudo can tell`);
  const specific = told.specific.find((line) => /authenticate|requiretty/.test(line));
  if (specific !== undefined) return undecided(`sudoers has special settings: ${specific}`);
  if (said("requiretty", told.defaults) === true && !hasTerminal) {
    const change = "say Defaults !requiretty for the account in /etc/sudoers.d";
    return forbid("sudo refuses without a terminal (requiretty)", change);
  }
  const asks =
    uid !== 0 && (said("authenticate", decides.entry.options) ?? said("authenticate", told.defaults) ?? true);
  if (!asks) return { status: "pass", message: `sudo runs ${command} as ${runAs} without a password` };
  if (said("noninteractive_auth", told.defaults) === true) {
    return undecided("sudo asks PAM, which may let the account in without a password (noninteractive_auth)");
  }
  const change = `give the account NOPASSWD: ${command} in /etc/sudoers.d, behind all other entries that are for it`;
  return forbid(`sudo asks for a password before ${command} as ${runAs}`, change);
}

export const sudoNoninteractive = checkKind({
  id: "sudo-noninteractive",
  summary: "sudo runs the named commands for the account without a password and without a terminal.",
  why: "With a terminal sudo waits at a prompt that nobody answers, and without one it refuses.",
  consequence: "failed-command",
  asksAbout: "mode",
  needs: ["sudo"],
  afterStartup: false,
  parameters: z.strictObject({
    commands: z
      .array(z.string().regex(/^\/\S+( \S+)*$/, "an absolute path, and words behind it with one space between"))
      .min(1)
      .default(["/usr/bin/true"])
      .describe("Commands as sudoers names them: an absolute path and words."),
    runAs: z.string().min(1).default("root").describe("The account as which they run."),
  }),
  subjects: ({ commands }) => [...new Set(commands)],
  judge({ commands, runAs }, { sudo, account, mode }) {
    const session = { uid: account.uid, hasTerminal: modeOf(mode).terminal };
    return [...new Set(commands)].map((command): Judgement => {
      const subject = command;
      if (sudo === null) return { subject, status: "unknown", message: "what sudo allows is not known" };
      const consequence = session.hasTerminal ? "hang" : "failed-command";
      const common = { subject, consequence, evidence: { sudo: sudo.kind, terminal: session.hasTerminal } } as const;
      if (sudo.kind === "told") return { ...common, ...judgeTold(sudo, { command, runAs }, session) };
      const isAbsent = sudo.kind === "absent";
      const message = isAbsent ? "there is no sudo on this host" : `sudo allows ${account.name} nothing`;
      const change = isAbsent
        ? "install sudo, or have the engine do without it"
        : `allow it in /etc/sudoers.d with NOPASSWD: ${command}, or have the engine do without it`;
      return { ...common, consequence: "failed-command", status: "fail", message, change };
    });
  },
  examples: [
    {
      says: "NOPASSWD for all commands holds",
      with: {},
      facts: { ...oracle, sudo: told({ options: ["!authenticate"] }) },
      fails: [],
    },
    { says: "a password fails", with: {}, facts: { ...oracle, sudo: told({}) }, fails: ["/usr/bin/true"] },
    {
      says: "requiretty fails where there is no terminal",
      with: {},
      facts: { ...oracle, sudo: told({ options: ["!authenticate"] }, ["requiretty"]) },
      fails: ["/usr/bin/true"],
    },
    {
      says: "requiretty holds where there is one",
      with: {},
      facts: { ...oracle, mode: "ssh-command-pty", sudo: told({ options: ["!authenticate"] }, ["requiretty"]) },
      fails: [],
    },
    {
      says: "another command than the one that is allowed fails",
      with: { commands: ["/usr/bin/systemctl restart db", "/usr/bin/systemctl stop db"] },
      facts: {
        ...oracle,
        sudo: told({ options: ["!authenticate"], commands: ["/usr/bin/systemctl restart db"] }),
      },
      fails: ["/usr/bin/systemctl stop db"],
    },
    {
      says: "a pattern of sudoers is undecided",
      with: { commands: ["/usr/bin/systemctl restart db"] },
      facts: { ...oracle, sudo: told({ options: ["!authenticate"], commands: ["/usr/bin/systemctl restart *"] }) },
      fails: [],
      unknown: ["/usr/bin/systemctl restart db"],
    },
    {
      says: "nothing allowed fails",
      with: {},
      facts: { ...oracle, sudo: { kind: "nothing-allowed" } },
      fails: ["/usr/bin/true"],
    },
    { says: "no sudo fails", with: {}, facts: { ...oracle, sudo: { kind: "absent" } }, fails: ["/usr/bin/true"] },
  ],
});

function told(entry: Partial<SudoEntry>, defaults: readonly string[] = []): Told {
  const all = { runAs: ["ALL"], options: [], commands: ["ALL"] };
  return { kind: "told", defaults: ["env_reset", ...defaults], specific: [], entries: [{ ...all, ...entry }] };
}
