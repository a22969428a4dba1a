/** Cases of `check --with` and `check --home`. */
import { cpWaits, cshrc, tried } from "../../../agent/checks/example-facts.ts";
import type { Case } from "./cases.ts";
import { absent, oracle, postgres, read, root, type World } from "./world.ts";

const hostile = "\u001b[2J\u202egnp.exe\r\n$(reboot)";
const files = [read("/etc/csh.cshrc"), absent("/home/oracle/.tcshrc"), read("/home/oracle/.cshrc")];
const inputs = { "-": "x\n", "/tmp/new": "alias cp 'cp -i'\n", [hostile]: "x\n", "/tmp/long": "x".repeat(1_048_577) };

/** What the account's own file holds is fine; what is to be saved makes cp wait. */
const asking: World = {
  accounts: [root, oracle, postgres],
  inputs,
  facts: ({ sends, replaced = [] }) => ({
    startupFiles: files,
    tried: sends.map(({ command }) => {
      return replaced.length > 0 && command === cpWaits.command ? { ...cpWaits, where: cshrc(1) } : tried(command);
    }),
  }),
};

const asOracle = ["check", "--account", "oracle"];

export const insteadCases: readonly Case[] = [
  {
    name: "check-with",
    story: "what is to be saved would make cp wait",
    argv: [...asOracle, "--with", "~/.cshrc=/tmp/new"],
    world: asking,
  },
  { name: "check-with-none", story: "what is saved does not", argv: asOracle, world: asking },
  {
    name: "check-with-json",
    story: "the report says which file was replaced",
    argv: [...asOracle, "--with", "~/.cshrc=/tmp/new", "--json"],
    world: asking,
    wide: true,
  },
  {
    name: "check-with-unread",
    story: "a file that no startup reads: nothing is determined",
    argv: [...asOracle, "--with", "/root/.cshrc=/tmp/new"],
    world: asking,
  },
  {
    name: "check-with-hostile",
    story: "names of files are told harmlessly",
    argv: [...asOracle, "--with", `~/${hostile}=${hostile}`],
    world: asking,
  },
  {
    name: "check-with-wrong",
    story: "all that is wrong with it at once",
    argv: [
      ...asOracle,
      "--with",
      "x",
      "--with",
      "~/.cshrc=-",
      "--with",
      "~/.login=-",
      "--with",
      "~/.cshrc=/tmp/nonesuch",
      "--with",
      "~/.cshrc=/tmp/long",
    ],
    world: asking,
  },
  {
    name: "check-with-relative",
    story: "a file must be absolute or the account's",
    argv: [...asOracle, "--with", ".cshrc=/tmp/new"],
    world: asking,
  },
  {
    name: "check-with-watch",
    story: "what is not saved cannot be watched",
    argv: [...asOracle, "--with", "~/.cshrc=/tmp/new", "--watch"],
    world: asking,
  },
  {
    name: "check-home",
    story: "a home of no account",
    argv: ["check", "--home", "/srv/home", "--shell", "/bin/tcsh"],
    world: { ...asking, facts: () => ({ startupFiles: [read("/srv/home/.cshrc")] }) },
  },
  {
    name: "check-home-alone",
    story: "a home needs a shell, and is no account",
    argv: [...asOracle, "--home", "/srv/home"],
    world: asking,
  },
];
