import * as z from "zod";
import { type AccountUseFacts, type FactName, rfc3339 } from "../facts/index.ts";
import { type Consequence, checkKind, type Judgement, type Needed } from "./check-kind.ts";
import { oracle } from "./example-facts.ts";

const needs = ["accountUse"] as const satisfies readonly FactName[];
type Facts = Needed<"accountUse">;

type Said =
  | { readonly status: "pass"; readonly message: string }
  | { readonly status: "unknown"; readonly message: string }
  | { readonly status: "fail"; readonly message: string; readonly change: string; readonly consequence?: Consequence };

const subjects = ["shell", "account", "password", "nologin", "home"] as const;
type Subject = (typeof subjects)[number];

/** A day as people write it: `2026-11-23`. */
function dayWords(day: number): string {
  return rfc3339(day * 86_400_000).slice(0, 10);
}

const shellWords = {
  missing: "does not exist",
  "not-executable": "may not be executed",
  "not-a-file": "is no file",
} as const;

const refusing: readonly string[] = ["nologin", "false"];

function shellSaid({ shell, pamModules }: AccountUseFacts, listed: "always" | "if-asked", name: string): Said {
  const change = `give ${name} a shell that runs commands`;
  if (shell.is !== "program") {
    return { status: "fail", message: `the login shell ${shell.path} ${shellWords[shell.is]}`, change };
  }
  if (refusing.includes(shell.path.slice(shell.path.lastIndexOf("/") + 1))) {
    return { status: "fail", message: `the login shell ${shell.path} runs no command`, change };
  }
  const isAsked = listed === "always" || pamModules.includes("pam_shells");
  if (!isAsked || shell.isListed === true)
    return { status: "pass", message: `the login shell ${shell.path} can be run` };
  if (shell.isListed === null) return { status: "unknown", message: "/etc/shells could not be read" };
  return {
    status: "fail",
    message: `the login shell ${shell.path} is not in /etc/shells${pamModules.includes("pam_shells") ? ", and PAM asks for that (pam_shells)" : ""}`,
    change: `add ${shell.path} to /etc/shells`,
  };
}

/** Modules that ask another database than shadow(5) whether an account may come in. */
const elsewhere: readonly string[] = ["pam_sss", "pam_ldap", "pam_krb5", "pam_winbind"];

function accountSaid({ shadow, today, usesPam, pamModules }: AccountUseFacts, name: string): Said {
  const other = pamModules.find((module) => elsewhere.includes(module));
  if (shadow.kind === "unavailable") return { status: "unknown", message: shadow.why };
  if (shadow.kind === "absent") {
    return other === undefined
      ? { status: "pass", message: "no date ends the account" }
      : { status: "unknown", message: `whether the account has ended only ${other} knows` };
  }
  if (shadow.accountEndsOn !== null && shadow.accountEndsOn <= today) {
    const message = `the account ended on ${dayWords(shadow.accountEndsOn)}`;
    return { status: "fail", message, change: `chage -E -1 ${name}, or take it out of the policy's accounts` };
  }
  if (usesPam === false && shadow.password === "locked") {
    const message = "the password is locked (!), and sshd without PAM refuses the account even with a key";
    return { status: "fail", message, change: `usermod -p '*' ${name}, which is no password and no lock` };
  }
  if (usesPam !== true && shadow.password === null) {
    return { status: "unknown", message: "whether the password is locked, and whether sshd asks, only root can see" };
  }
  return { status: "pass", message: "the account has not ended, and nothing locks it" };
}

/** pam_unix refuses a session without a terminal where a new password is due, also to who comes by key. */
function passwordSaid({ shadow, today, usesPam, pamModules }: AccountUseFacts, name: string): Said {
  if (shadow.kind === "unavailable") return { status: "unknown", message: shadow.why };
  const other = pamModules.find((module) => elsewhere.includes(module));
  if (shadow.kind === "absent") {
    return other === undefined
      ? { status: "pass", message: "no date ends the password" }
      : { status: "unknown", message: `whether a new password is due only ${other} knows` };
  }
  const change = `chage -M -1 ${name} and chage -d today ${name}, for an account that comes by key needs no new password`;
  const asks = usesPam !== false;
  if (shadow.mustChange && asks) {
    return {
      status: "fail",
      message: "a new password is demanded at the next login, also of who comes by key",
      change,
    };
  }
  if (asks && shadow.passwordEndsOn !== null && shadow.passwordEndsOn < today) {
    const message = `the password is too old since ${dayWords(shadow.passwordEndsOn)}, and PAM demands a new one also of who comes by key`;
    return { status: "fail", message, change };
  }
  return { status: "pass", message: "no new password is due" };
}

function nologinSaid({ nologin, usesPam, pamModules }: AccountUseFacts, uid: number): Said {
  const asks = usesPam === false || pamModules.includes("pam_nologin");
  if (nologin === null || uid === 0 || !asks) return { status: "pass", message: "nothing keeps everybody out" };
  return {
    status: "fail",
    message: `${nologin} keeps everybody but root out`,
    change: `delete ${nologin} when the host is open again`,
  };
}

function homeSaid({ home }: AccountUseFacts, path: string): Said {
  switch (home) {
    case "folder":
      return { status: "pass", message: `the home ${path} is there` };
    case "unknown":
      return { status: "unknown", message: `the home ${path} did not answer` };
    default: {
      const message = `the home ${path} ${home === "missing" ? "does not exist" : "is no folder"}: sshd finds no keys there, and commands run in /`;
      return { status: "fail", message, change: `make ${path}, owned by the account` };
    }
  }
}

function saidOf(
  subject: Subject,
  use: AccountUseFacts,
  listed: "always" | "if-asked",
  account: Facts["account"],
): Said {
  switch (subject) {
    case "shell":
      return shellSaid(use, listed, account.name);
    case "account":
      return accountSaid(use, account.name);
    case "password":
      return passwordSaid(use, account.name);
    case "nologin":
      return nologinSaid(use, account.uid);
    case "home":
      return homeSaid(use, account.home);
  }
}

const usable: AccountUseFacts = {
  shell: { path: "/bin/tcsh", is: "program", isListed: true },
  shadow: {
    kind: "entry",
    password: "impossible",
    changedOn: 20_000,
    passwordEndsOn: 119_999,
    accountEndsOn: null,
    mustChange: false,
  },
  today: 20_780,
  nologin: null,
  home: "folder",
  usesPam: true,
  pamModules: ["pam_nologin", "pam_unix"],
};
const { shadow: dates } = usable;

function dated(other: object): AccountUseFacts {
  return { ...usable, shadow: { ...dates, ...other } };
}

export const accountUsable = checkKind({
  id: "account-usable",
  summary: "The account's entry lets it in: its shell, its dates, its home, and the host's own door.",
  why: "An account that has ended is refused before any command, and the client says no more than Permission denied.",
  consequence: "lock-out",
  asksAbout: "account",
  needs,
  afterStartup: false,
  parameters: z.strictObject({
    listed: z
      .enum(["always", "if-asked"])
      .default("if-asked")
      .describe("Whether /etc/shells must list the login shell: always, or where PAM asks for it (pam_shells)."),
  }),
  subjects: () => subjects,
  judge: ({ listed }, { accountUse, account }) =>
    subjects.map((subject): Judgement => {
      if (accountUse === null) return { subject, status: "unknown", message: "nobody looked at the account's entry" };
      return { subject, ...saidOf(subject, accountUse, listed, account) };
    }),
  examples: [
    { says: "an account that may come in holds", with: {}, facts: { ...oracle, accountUse: usable }, fails: [] },
    {
      says: "a login shell that does not exist looks like a wrong key",
      with: {},
      facts: { ...oracle, accountUse: { ...usable, shell: { path: "/bin/gone", is: "missing", isListed: false } } },
      fails: ["shell"],
    },
    {
      says: "a shell that /etc/shells does not list holds, for sshd does not ask",
      with: {},
      facts: { ...oracle, accountUse: { ...usable, shell: { ...usable.shell, isListed: false } } },
      fails: [],
    },
    {
      says: "and fails where the rule asks for it",
      with: { listed: "always" },
      facts: { ...oracle, accountUse: { ...usable, shell: { ...usable.shell, isListed: false } } },
      fails: ["shell"],
    },
    {
      says: "an account that has ended fails",
      with: {},
      facts: { ...oracle, accountUse: dated({ accountEndsOn: 1 }) },
      fails: ["account"],
    },
    {
      says: "a locked password holds with PAM, for keys are not asked about it",
      with: {},
      facts: { ...oracle, accountUse: dated({ password: "locked" }) },
      fails: [],
    },
    {
      says: "and fails without",
      with: {},
      facts: { ...oracle, accountUse: { ...dated({ password: "locked" }), usesPam: false } },
      fails: ["account"],
    },
    {
      says: "a password that is too old keeps out who comes by key",
      with: {},
      facts: { ...oracle, accountUse: dated({ passwordEndsOn: 20_779 }) },
      fails: ["password"],
    },
    {
      says: "a closed host fails",
      with: {},
      facts: { ...oracle, accountUse: { ...usable, nologin: "/run/nologin" } },
      fails: ["nologin"],
    },
    {
      says: "dates that could not be read are no pass",
      with: {},
      facts: {
        ...oracle,
        accountUse: { ...usable, shadow: { kind: "unavailable", why: "only root can read the shadow database" } },
      },
      fails: [],
      unknown: ["account", "password"],
    },
  ],
});
