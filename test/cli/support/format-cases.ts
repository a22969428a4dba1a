/** The same story in each format: a command that waits, one that is waived, a shell that nobody knows, an account that is missing. */
import { cpWaits, tried } from "../../../agent/checks/example-facts.ts";
import type { Exception, Loaded, Rule } from "../../../agent/documents/index.ts";
import type { Case } from "./cases.ts";
import { absent, account, documents, noHost, oracle, read, root, unattended, type World } from "./world.ts";

const cp = "cp -f {file} {existing}";
const mv = "mv -f {file} {existing}";
const odd = account("jenkins", 340, "/opt/odd/sh");

const moving: Exception = {
  kind: "Exception",
  name: "moves-ask",
  description: "",
  finding: {
    policy: "unattended-ssh",
    rule: "commands-do-what-they-say",
    account: "oracle",
    mode: "ssh-command",
    subject: mv,
  },
  reason: "CHG0012345, until the new image is out",
  until: "2027-01-31",
  origin: { file: "/etc/rcwarden/exceptions.yaml", digest: `sha256:${"c".repeat(64)}`, shipped: false, given: true },
};

/** What fails, waits to be decided, is waived and is missing, all at once. */
export const mixed: World = {
  accounts: [root, oracle, odd],
  unavailable: ["backup"],
  host: { ...noHost, exceptions: [moving] },
  facts: ({ account: of }) =>
    of.name === "oracle"
      ? {
          seconds: 0.21,
          startupFiles: [read("/etc/csh.cshrc"), absent("/home/oracle/.tcshrc"), read("/home/oracle/.cshrc")],
          tried: [tried("rm -f {file}"), tried("rm -rf {folder}"), cpWaits, { ...cpWaits, command: mv }].map((each) =>
            each.command === cp
              ? { ...each, advice: 'move line 14 below the "if ($?prompt)" of line 22, or delete it' }
              : each,
          ),
        }
      : {
          sandbox: "none",
          seconds: 0.02,
          shell: { path: "/opt/odd/sh", personality: null },
          startup: null,
          tried: [],
          gaps: [
            {
              code: "unknown-shell",
              message: "/opt/odd/sh is no shell that rcwarden knows (bash, zsh, tcsh, csh)",
              change: "give the account one of them, or remove it from the policy's accounts",
              of: ["startup", "startupFiles", "traps", "commands", "cwd", "output", "tried"],
            },
          ],
        },
};

/** Nothing is wrong. */
export const clean: World = { accounts: [root, oracle] };

/** Only that cp waits, which its rule calls this severe. */
export function waitingAs(severity: Rule["severity"]): World {
  const rules = unattended.rules.map((rule) => ({ ...rule, severity }));
  const set = { ...documents, policies: [{ ...unattended, rules }] };
  return {
    ...clean,
    documents: { kind: "documents", set, host: noHost },
    facts: () => ({ tried: [tried("rm -f {file}"), tried("rm -rf {folder}"), cpWaits, tried(mv)] }),
  };
}

const broken: Loaded = {
  kind: "problems",
  documents: 1,
  grant: "none",
  host: noHost,
  problems: [
    {
      code: "value-not-listed",
      file: "policies/db.yaml",
      line: 14,
      column: 7,
      expected: "a check kind",
      found: '"engine-command"',
      suggestion: "engine-commands",
      change: "",
    },
    {
      code: "file-missing",
      file: "/etc/rcwarden/policies/a|b.yaml",
      line: 0,
      column: 0,
      expected: "a file",
      found: "none",
      suggestion: null,
      change: "",
    },
  ],
};

export const brokenDocuments: World = { ...clean, documents: broken };

export const everybody = ["--account", "oracle", "--account", "jenkins", "--account", "backup"] as const;
const formats = ["jsonl", "sarif", "junit", "nagios", "prometheus"] as const;

export const formatCases: readonly Case[] = [
  ...formats.map((format): Case => {
    const argv = ["check", ...everybody, "--format", format];
    return { name: `check-format-${format}`, story: `the whole story as ${format}`, argv, world: mixed, wide: true };
  }),
  ...(["json", ...formats] as const).map((format): Case => {
    const argv = ["check", "--policy", "policies/db.yaml", "--format", format];
    const story = `what is wrong with documents, as ${format}`;
    return { name: `check-broken-${format}`, story, argv, world: brokenDocuments, wide: true };
  }),
  {
    name: "check-mistyped-format",
    story: "a mistyped format",
    argv: ["check", "--format", "sarfi"],
    world: clean,
  },
  { name: "support-bundle-help", story: "what a bundle takes", argv: ["help", "support-bundle"], world: clean },
  { name: "completion-help", story: "what completion takes", argv: ["help", "completion"], world: clean },
  { name: "completion-nothing", story: "no shell", argv: ["completion"], world: clean },
  {
    name: "check-two-formats",
    story: "two formats at once",
    argv: ["check", "--format", "sarif", "--framed"],
    world: clean,
  },
];
