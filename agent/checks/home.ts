import * as z from "zod";
import type { Room, Standing } from "../facts/index.ts";
import { shellWord } from "../facts/shell-word.ts";
import { type Consequence, checkKind, type Judgement, type Needed } from "./check-kind.ts";
import { oracle } from "./example-facts.ts";
import { isOwn, othersWrite, ownerWords } from "./owning.ts";
import { changeFor, placeOf } from "./wording.ts";

const aspects = ["folder", "owner", "mode", "variable", "room"] as const;
type Aspect = (typeof aspects)[number];
type Facts = Needed<"standings" | "variables">;

const mebibyte = 2 ** 20;

interface Wish {
  readonly leastFreeMiB: string;
}

type Judged = Omit<Judgement, "subject">;
type Judging = (home: Standing, facts: Facts, wish: Wish) => Judged;

function fails(consequence: Consequence, message: string, change: string): Judged {
  return { status: "fail", consequence, message, change };
}

function passes(message: string): Judged {
  return { status: "pass", message };
}

function unknown(message: string): Judged {
  return { status: "unknown", message };
}

const noFolder = unknown("there is no folder to look at");

const folder: Judging = ({ is, real }, { home, account }) => {
  if (is === "folder") return passes(`${home} is a folder`);
  if (is === "unreadable") {
    const change = `let ${account.name} into the folders above ${home}`;
    return fails("failed-command", `${account.name} may not look at its home ${home}`, change);
  }
  const found = real === null || real === home ? "" : `, it leads to ${real}`;
  const message = is === "absent" ? `the home ${home} is not there` : `the home ${home} is no folder${found}`;
  return fails("failed-command", message, `make the folder ${home}, or correct the account's entry`);
};

const owner: Judging = ({ is, steps }, { home, account }) => {
  if (is !== "folder") return noFolder;
  const last = steps.at(-1);
  if (last !== undefined && last.uid !== account.uid) {
    const change = `give it to the account: chown ${shellWord(account.name)} ${shellWord(home)}`;
    return fails("lock-out", `the home ${home} belongs to ${ownerWords(last)}, not to ${account.name}`, change);
  }
  const foreign = steps.find(({ uid }) => !isOwn(uid, account));
  if (foreign === undefined) return passes(`${home} belongs to ${account.name}`);
  const message = `${foreign.path}, above the home, belongs to ${ownerWords(foreign)}, who can put another in its place`;
  return fails("security", message, `give ${foreign.path} to root`);
};

/** sshd lets nobody in by a key into whose home others may write (StrictModes), whoever the group is. */
const mode: Judging = ({ is, steps }, { home, account }) => {
  const last = steps.at(-1);
  if (is !== "folder" || last === undefined) return noFolder;
  if ((last.mode & 0o022) !== 0) {
    const who = (last.mode & 0o002) !== 0 ? "everybody" : `the group ${last.gid}`;
    const message = `${who} can write to the home ${home}: sshd then takes no key (StrictModes)`;
    return fails("lock-out", message, `take it away: chmod go-w ${shellWord(home)}`);
  }
  if ((last.mode & 0o500) !== 0o500) {
    return fails(
      "failed-command",
      `${account.name} itself may not use its home ${home}`,
      `chmod u+rwx ${shellWord(home)}`,
    );
  }
  const open = steps.map((step) => ({ step, who: othersWrite(step, account) })).find(({ who }) => who !== null);
  if (open === undefined) return passes(`nobody else can write to ${home}`);
  const message = `${open.step.path}, above the home, can be changed by ${open.who}`;
  return fails("security", message, `take it away: chmod go-w ${shellWord(open.step.path)}`);
};

const variable: Judging = (_, { home, homeReal, variables }) => {
  const found = variables.find(({ name, exported }) => name === "HOME" && exported);
  if (found === undefined) return unknown("HOME is not known, or not exported");
  const same = [home, homeReal].map((path) => path?.replace(/(?<=.)\/+$/, ""));
  if (same.includes(found.value.replace(/(?<=.)\/+$/, ""))) return passes(`HOME is ${found.value}`);
  const change = changeFor(
    { where: found.where },
    { at: (line) => `leave HOME alone in line ${line}`, nowhere: "find what sets HOME, and leave it alone" },
  );
  return {
    ...fails("wrong-target", `HOME is ${found.value}, not the home ${home} of the account's entry`, change),
    ...placeOf(found),
  };
};

const room: Judging = ({ is, room: left }, { home }, { leastFreeMiB }) => {
  if (is !== "folder") return noFolder;
  if (left === null) return unknown(`how full the file system of ${home} is could not be seen`);
  if (left.readOnly) return fails("failed-command", `the file system of ${home} is read-only`, "mount it for writing");
  const free = Math.floor(left.freeBytes / mebibyte);
  if (free < Number(leastFreeMiB)) {
    const message = `the file system of ${home} has ${free} MiB left, less than ${leastFreeMiB} MiB`;
    return fails("failed-command", message, "make room there, or move the home");
  }
  if (left.freeInodes !== null && left.freeInodes < 16) {
    const message = `the file system of ${home} has room for ${left.freeInodes} more files`;
    return fails("failed-command", message, "remove files there, or move the home");
  }
  return passes(`the file system of ${home} has ${free} MiB left`);
};

const judging: Readonly<Record<Aspect, Judging>> = { folder, owner, mode, variable, room };

export const home = checkKind({
  id: "home",
  summary: "The account's home is a folder of its own that nobody else can write to, with room in it.",
  why: "Without a home commands start in /; where others can write to it sshd takes no key; where it is full no history, lock or known_hosts is kept.",
  consequence: "failed-command",
  asksAbout: "account",
  needs: ["standings", "variables"],
  afterStartup: false,
  parameters: z.strictObject({
    require: z
      .array(z.enum(aspects))
      .min(1)
      .default([...aspects])
      .describe(
        "folder: it is there; owner: the account's own; mode: nobody else can write to it, or above it; variable: HOME is the home of the account's entry; room: its file system is neither read-only nor full.",
      ),
    leastFreeMiB: z
      .string()
      .regex(/^[1-9][0-9]{0,8}$/, "a whole number above 0")
      .default("16")
      .describe("MiB that must be left for the account, where room is required."),
  }),
  subjects: ({ require }) => [...new Set(require)],
  needsOf: (subject) => (subject === "variable" ? ["variables"] : ["standings"]),
  judge({ require, leastFreeMiB }, facts) {
    return [...new Set(require)].map((subject): Judgement => {
      const { standings } = facts;
      if (standings === null && subject !== "variable") {
        return { subject, status: "unknown", message: "the home could not be looked at" };
      }
      return { subject, ...judging[subject](standings?.home ?? nowhere, facts, { leastFreeMiB }) };
    });
  },
  examples: [
    { says: "a home of its own holds", with: {}, facts: at({}), fails: [] },
    {
      says: "a home that is not there fails",
      with: { require: ["folder", "owner"] },
      facts: at({ is: "absent", steps: [] }),
      fails: ["folder"],
      unknown: ["owner"],
    },
    { says: "somebody else's home fails", with: {}, facts: at({}, { uid: 502 }), fails: ["owner"] },
    { says: "a home that a group can write to fails", with: {}, facts: at({}, { mode: 0o775 }), fails: ["mode"] },
    {
      says: "a full file system fails",
      with: {},
      facts: at({ room: { ...plenty(), freeBytes: 4096 } }),
      fails: ["room"],
    },
    {
      says: "a read-only file system fails",
      with: {},
      facts: at({ room: { ...plenty(), readOnly: true } }),
      fails: ["room"],
    },
    {
      says: "another HOME fails",
      with: { require: ["variable"] },
      facts: { ...at({}), variables: [{ name: "HOME", exported: true, value: "/u01", where: null }] },
      fails: ["variable"],
    },
  ],
});

const nowhere: Standing = { path: "", is: "unreadable", real: null, steps: [], text: null, room: null };

function plenty(): Room {
  return { readOnly: false, freeBytes: 2 ** 34, freeInodes: 100_000 };
}

function at(change: Partial<Standing>, own: { readonly uid?: number; readonly mode?: number } = {}): Facts {
  const path = "/home/oracle";
  const root = { is: "folder", uid: 0, gid: 0, mode: 0o755 } as const;
  const steps = [
    { ...root, path: "/" },
    { ...root, path: "/home" },
    { ...root, path, uid: 501, gid: 501, ...own },
  ];
  const standing: Standing = { path, is: "folder", real: path, steps, text: null, room: plenty(), ...change };
  const variables = [{ name: "HOME", exported: true, value: path, where: null }];
  return { ...oracle, variables, standings: { home: standing, path: [], startupFiles: [] } };
}
