import * as z from "zod";
import type { Account, Standing, VariableFact } from "../facts/index.ts";
import { checkKind, type Judgement, type Needed } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { isOwn, othersWrite } from "./owning.ts";
import { refuseVacuous } from "./vacuous.ts";
import { changeFor, placeOf } from "./wording.ts";

const aspects = ["relative", "missing", "writable", "foreign", "before-system"] as const;
type Aspect = (typeof aspects)[number];

const order = "order";
/** With one of these the system's own programs begin. */
const systemFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

const parameters = z
  .strictObject({
    forbid: z
      .array(z.enum(aspects))
      .default(["relative", "writable", "foreign"])
      .describe(
        "relative: `.`, empty or relative entries; missing: what is no folder; writable: folders that everybody or another group can change; foreign: folders of others before the system's; before-system: any but root's before the system's.",
      ),
    order: z
      .array(z.string().regex(/^\//, "an absolute path"))
      .min(1)
      .optional()
      .describe("Folders that PATH holds, in this order; others may stand between them."),
  })
  .superRefine(({ forbid, order: wanted }, context) => {
    if (forbid.length === 0 && wanted === undefined) {
      refuseVacuous(context, "something to forbid, or an order", "neither", ["forbid"]);
    }
  });

/** One entry as it stands in PATH, with how it stands on the file system where that could be asked. */
interface Entry {
  readonly text: string;
  readonly at: number;
  readonly standing: Standing | undefined;
}

interface Seen {
  readonly entries: readonly Entry[];
  readonly account: Account;
}

function entriesOf(value: string, standings: readonly Standing[]): Entry[] {
  return value.split(":").map((text, at) => ({ text, at, standing: standings.find(({ path }) => path === text) }));
}

function plain(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}

/** Folders in front of the first of the system's; all, where none of those is there. */
function inFront(entries: readonly Entry[]): Entry[] {
  const first = entries.findIndex(({ text }) => systemFolders.includes(plain(text)));
  return entries.slice(0, first < 0 ? entries.length : first);
}

function ownerOf({ standing }: Entry): number | null {
  return standing?.is === "folder" ? (standing.steps.at(-1)?.uid ?? null) : null;
}

/** Who else may put programs there, or folders on the way to it. A sticky folder itself is open to everybody's programs. */
function writers({ standing }: Entry, account: Account): string | null {
  if (standing?.is !== "folder") return null;
  const last = standing.steps.at(-1);
  if (last !== undefined && (last.mode & 0o002) !== 0) return "everybody";
  return standing.steps.map((step) => othersWrite(step, account)).find((who) => who !== null) ?? null;
}

interface Fault {
  readonly entry: Entry;
  readonly says: string;
}

const finding: Readonly<Record<Aspect, (seen: Seen) => readonly Fault[]>> = {
  relative: ({ entries }) =>
    entries
      .filter(({ text }) => !text.startsWith("/"))
      .map((entry) => ({
        entry,
        says: `${entry.text === "" ? "an empty entry" : entry.text} in PATH means whatever folder a command runs in`,
      })),
  missing: ({ entries }) =>
    entries
      .filter(({ standing }) => standing !== undefined && ["absent", "file", "other"].includes(standing.is))
      .map((entry) => ({ entry, says: `${entry.text} in PATH is no folder` })),
  writable: ({ entries, account }) =>
    entries.flatMap((entry) => {
      const who = writers(entry, account);
      return who === null ? [] : [{ entry, says: `${who} can put programs into ${entry.text}, which is in PATH` }];
    }),
  foreign: ({ entries, account }) =>
    inFront(entries).flatMap((entry) => {
      const uid = ownerOf(entry);
      if (uid === null || isOwn(uid, account)) return [];
      return [{ entry, says: `${entry.text}, of uid ${uid}, stands in PATH before the system's folders` }];
    }),
  "before-system": ({ entries }) =>
    inFront(entries).flatMap((entry) => {
      const uid = ownerOf(entry);
      if (uid === 0) return [];
      return uid === null
        ? []
        : [{ entry, says: `${entry.text} stands in PATH before the system's folders: its programs win` }];
    }),
};

/** Aspects that stand on how folders are: what may not be looked at leaves them undecided. */
const looksAtFolders: readonly Aspect[] = ["missing", "writable", "foreign", "before-system"];

const correct = (entry: string) => ({
  at: (line: number) => `take ${entry} out of PATH in line ${line}, or put it last`,
  nowhere: `take ${entry} out of PATH, or put it last`,
});

function judgeAspect(aspect: Aspect, path: VariableFact, seen: Seen): Judgement {
  const subject = aspect;
  const faults = finding[aspect](seen);
  const [first] = faults;
  if (first === undefined) {
    const unseen = seen.entries.find(
      ({ text, standing }) => text.startsWith("/") && (standing === undefined || standing.is === "unreadable"),
    );
    if (unseen !== undefined && looksAtFolders.includes(aspect)) {
      return { subject, status: "unknown", message: `${unseen.text} in PATH could not be looked at` };
    }
    return { subject, status: "pass", message: `no entry of PATH is ${aspect}` };
  }
  const more = faults.length === 1 ? "" : `, and ${faults.length - 1} more`;
  const name = first.entry.text === "" ? "the empty entry" : first.entry.text;
  const change = changeFor({ where: path.where }, correct(name));
  const evidence = { entry: first.entry.text, position: first.entry.at + 1, entries: faults.length };
  const consequence =
    aspect === "missing" ? "failed-command" : aspect === "before-system" ? "wrong-target" : "security";
  return { subject, ...placeOf(path), status: "fail", consequence, message: first.says + more, change, evidence };
}

function judgeOrder(wanted: readonly string[], path: VariableFact, { entries }: Seen): Judgement {
  const found = wanted.map((folder) => entries.findIndex(({ text }) => plain(text) === plain(folder)));
  const lacking = wanted.find((_, at) => (found[at] ?? -1) < 0);
  const late = wanted.find((_, at) => at > 0 && (found[at] ?? 0) < (found[at - 1] ?? 0));
  if (lacking === undefined && late === undefined) {
    return { subject: order, status: "pass", message: "PATH holds the rule's folders in its order" };
  }
  const message =
    lacking === undefined
      ? `${late} stands in PATH before ${wanted[wanted.indexOf(late ?? "") - 1]}, which should come first`
      : `PATH does not hold ${lacking}`;
  const change = changeFor(
    { where: path.where },
    {
      at: (line) => `correct PATH in line ${line}: ${wanted.join(", then ")}`,
      nowhere: `set PATH so that it holds ${wanted.join(", then ")}`,
    },
  );
  const consequence = lacking === undefined ? "wrong-target" : "failed-command";
  return { subject: order, ...placeOf(path), status: "fail", consequence, message, change };
}

export const pathEntries = checkKind({
  id: "path-entries",
  summary: "PATH holds only absolute folders that nobody else can put programs into, in an order that the rule allows.",
  why: "Whoever can write into a folder of PATH decides what the engine's commands do, and an empty entry is wherever it happens to be.",
  consequence: "security",
  asksAbout: "mode",
  needs: ["variables", "standings"],
  afterStartup: true,
  parameters,
  subjects: ({ forbid, order: wanted }) => [...new Set(forbid), ...(wanted === undefined ? [] : [order])],
  needsOf: (subject) => (subject === order || subject === "relative" ? ["variables"] : ["variables", "standings"]),
  judge({ forbid, order: wanted }, { variables, standings, account }) {
    const path = variables.find(({ name, exported }) => name === "PATH" && exported);
    if (path === undefined) {
      const subjects = [...new Set(forbid), ...(wanted === undefined ? [] : [order])];
      return subjects.map((subject) => ({ subject, status: "unknown", message: "PATH is not known, or not exported" }));
    }
    const seen = { entries: entriesOf(path.value, standings?.path ?? []), account };
    return [
      ...[...new Set(forbid)].map((aspect) => judgeAspect(aspect, path, seen)),
      ...(wanted === undefined ? [] : [judgeOrder(wanted, path, seen)]),
    ];
  },
  examples: [
    { says: "the system's folders hold", with: {}, facts: searching("/usr/bin:/bin"), fails: [] },
    { says: "an empty entry fails", with: {}, facts: searching("/usr/bin::/bin"), fails: ["relative"] },
    { says: "a dot fails", with: {}, facts: searching("/usr/bin:."), fails: ["relative"] },
    {
      says: "a folder that everybody can write to fails",
      with: {},
      facts: searching("/usr/bin:/opt/tools", { "/opt/tools": { mode: 0o777 } }),
      fails: ["writable"],
    },
    {
      says: "somebody else's folder in front fails, behind the system's it holds",
      with: {},
      facts: searching("/opt/a:/usr/bin:/opt/b", { "/opt/a": { uid: 502 }, "/opt/b": { uid: 502 } }),
      fails: ["foreign"],
    },
    {
      says: "an own folder in front fails only where that is forbidden",
      with: { forbid: ["before-system"] },
      facts: searching("/home/oracle/bin:/usr/bin", { "/home/oracle/bin": { uid: 501 } }),
      fails: ["before-system"],
    },
    {
      says: "another order fails",
      with: { forbid: [], order: ["/u01/app/oracle/bin", "/usr/bin"] },
      facts: searching("/usr/bin:/u01/app/oracle/bin"),
      fails: [order],
    },
    {
      says: "a folder that could not be looked at is undecided",
      with: { forbid: ["missing"] },
      facts: searching("/usr/bin:/net/tools", { "/net/tools": null }),
      fails: [],
      unknown: ["missing"],
    },
  ],
});

/** PATH, with its folders root's own unless said otherwise; null for what could not be looked at. */
function searching(
  value: string,
  folders: Readonly<Record<string, { readonly uid?: number; readonly mode?: number } | null>> = {},
): Needed<"variables" | "standings"> {
  const standing = (path: string): Standing => {
    const other = folders[path];
    const is = other === null ? "unreadable" : "folder";
    const step = { path, is: "folder", uid: 0, gid: 0, mode: 0o755, ...other } as const;
    return { path, is, real: path, steps: [step], text: null, room: null };
  };
  const path = [...new Set(value.split(":"))].filter((text) => text.startsWith("/")).map(standing);
  const variables = [{ name: "PATH", exported: true, value, where: cshrc(3) }];
  return { ...oracle, variables, standings: { home: standing("/home/oracle"), path, startupFiles: [] } };
}
