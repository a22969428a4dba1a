import * as z from "zod";
import type { Complaint, Place, Standing, Step } from "../facts/index.ts";
import { shellWord } from "../facts/shell-word.ts";
import { type Consequence, checkKind, type Judgement, type Needed } from "./check-kind.ts";
import { oracle } from "./example-facts.ts";
import { isOwn, othersWrite, ownerWords } from "./owning.ts";

const aspects = ["owner", "writable", "link", "syntax", "text"] as const;
type Aspect = (typeof aspects)[number];

type Facts = Needed<"standings" | "startup">;

/** What is wrong with one startup file, as clauses; the line where it is one line's fault. */
interface Fault {
  readonly file: string;
  readonly message: string;
  readonly change: string;
  readonly line?: number;
}

type Judging = (standing: Standing, facts: Facts) => Fault | null;

function fileWords(path: string, step: Step): string {
  return step.path === path ? path : `${step.path}, on the way to ${path},`;
}

const owner: Judging = ({ path, steps }, { account }) => {
  const foreign = steps.find(({ uid }) => !isOwn(uid, account));
  if (foreign === undefined) return null;
  const message = `${fileWords(path, foreign)} belongs to ${ownerWords(foreign)}, who decides what commands mean`;
  return { file: path, message, change: `give ${foreign.path} to ${account.name} or root` };
};

const writable: Judging = ({ path, steps }, { account }) => {
  const open = steps.flatMap((step) => {
    const who = othersWrite(step, account);
    return who === null ? [] : [{ step, who }];
  });
  const [first] = open;
  if (first === undefined) return null;
  const message = `${fileWords(path, first.step)} can be changed by ${first.who}`;
  return {
    file: path,
    message,
    change: `take it away: chmod ${first.who === "everybody" ? "o-w" : "g-w"} ${shellWord(first.step.path)}`,
  };
};

const link: Judging = ({ path, real }, { home, homeReal, standings }) => {
  const homes = [home, homeReal ?? home, standings?.home.real ?? home];
  const isBelow = (each: string) => homes.some((one) => each.startsWith(one === "/" ? one : `${one}/`));
  if (!isBelow(path) || real === null || isBelow(real)) return null;
  const message = `${path} leads out of the home, to ${real}`;
  return { file: path, message, change: `put a file of the account's own at ${path}` };
};

const text: Judging = ({ path, text: marks }) => {
  if (marks === null) return null;
  if (marks.crLf !== null) {
    const { line, count } = marks.crLf;
    const message = `${path} has CR LF line ends (${count === 1 ? "one line" : `${count} lines`}): the CR becomes part of names and values`;
    return { file: path, line, message, change: `take the CRs out: sed -i 's/\\r$//' ${shellWord(path)}` };
  }
  if (marks.byteOrderMark) {
    const message = `${path} begins with a byte order mark: its first line is another command`;
    return {
      file: path,
      line: 1,
      message,
      change: `take the first three bytes out: sed -i '1s/^\\xEF\\xBB\\xBF//' ${shellWord(path)}`,
    };
  }
  if (!marks.nul) return null;
  return {
    file: path,
    message: `${path} holds NUL bytes: a shell may skip it`,
    change: `write ${path} anew as plain text`,
  };
};

function complaintWords({ file, line, says }: Complaint): string {
  if (file === null) return `a startup file is left at an error: ${says}`;
  return `${file} is left at ${line === null ? "an error" : `line ${line}`}: ${says}`;
}

/** csh names no file: where it can only have been one, it was that one. */
function judgeSyntax({ complaints, startup, standings }: Facts): Judgement {
  const subject = "syntax";
  const [complaint] = complaints ?? [];
  if (complaint !== undefined) {
    const files = standings?.startupFiles ?? [];
    const [only] = files.length === 1 ? files : [];
    const file = complaint.file ?? only?.path ?? null;
    const where = file === null ? null : placeIn(file, complaint.line ?? 1);
    const message = `${complaintWords(complaint)}; what stands behind it never happens`;
    const change = `mend ${file ?? "the startup file"}, or keep what fails from engines`;
    const isNamed = complaint.line !== null;
    return {
      subject,
      status: "fail",
      message,
      change,
      where: isNamed ? where : null,
      evidence: { says: complaint.says, file },
    };
  }
  if (complaints === undefined || startup?.ended !== "ready") {
    return { subject, status: "unknown", message: "whether the shell reads its startup files to the end was not seen" };
  }
  return { subject, status: "pass", message: "the shell complains about no startup file" };
}

function placeIn(file: string, line: number): Place {
  return { file, line, column: 1, through: [] };
}

const judging: Readonly<Record<Exclude<Aspect, "syntax">, readonly [Judging, Consequence, string]>> = {
  owner: [owner, "security", "all startup files belong to the account or root"],
  writable: [writable, "security", "nobody else can change the startup files"],
  link: [link, "security", "no startup file leads out of the home"],
  text: [text, "failed-command", "the startup files are plain text"],
};

function judgeAspect(subject: Exclude<Aspect, "syntax">, facts: Facts): Judgement {
  const [judge, consequence, holds] = judging[subject];
  const files = facts.standings?.startupFiles ?? [];
  const faults = files.flatMap((standing) => judge(standing, facts) ?? []);
  const [first] = faults;
  if (first === undefined) {
    const unseen = facts.standings === null ? null : files.find((each) => isUnseen(subject, each));
    if (facts.standings === null || unseen !== undefined) {
      const message = unseen == null ? "the startup files could not be seen" : `${unseen.path} could not be looked at`;
      return { subject, status: "unknown", message };
    }
    return { subject, status: "pass", message: files.length === 0 ? "there is no startup file" : holds };
  }
  const more = faults.length === 1 ? "" : ` (and ${faults.length - 1} more of the startup files)`;
  const { file, line, message, change } = first;
  const evidence = { file, files: faults.length };
  return {
    subject,
    status: "fail",
    consequence,
    message: message + more,
    where: line === undefined ? null : placeIn(file, line),
    change,
    evidence,
  };
}

/** Of a file that may not be read everything but its text can be seen. */
function isUnseen(subject: Aspect, { is, text: marks }: Standing): boolean {
  return is === "unreadable" || (subject === "text" && is === "file" && marks === null);
}

export const startupFile = checkKind({
  id: "startup-file",
  summary:
    "Startup files belong to the account or root, nobody else can change them, and the shell reads them to the end.",
  why: "A shell asks neither whose file it reads nor who wrote into it; behind a mistake in it half the environment is missing.",
  consequence: "security",
  asksAbout: "mode",
  needs: ["standings", "startup"],
  afterStartup: false,
  parameters: z.strictObject({
    require: z
      .array(z.enum(aspects))
      .min(1)
      .default([...aspects])
      .describe(
        "owner: of the account or root, every folder on the way, too; writable: by nobody else (a group of the account's own number is its own); link: none out of the home; syntax: the shell does not give up on one; text: no CR LF, byte order mark or NUL.",
      ),
  }),
  subjects: ({ require }) => [...new Set(require)],
  needsOf: (subject) => (subject === "syntax" ? ["startup"] : ["standings"]),
  judge({ require }, facts) {
    return [...new Set(require)].map((aspect) =>
      aspect === "syntax" ? judgeSyntax(facts) : judgeAspect(aspect, facts),
    );
  },
  examples: [
    { says: "a file of the account's own holds", with: owners(), facts: standing({}), fails: [] },
    { says: "a file of somebody else fails", with: owners(), facts: standing({ uid: 502 }), fails: ["owner"] },
    {
      says: "a file that everybody can change fails",
      with: owners(),
      facts: standing({ mode: 0o666 }),
      fails: ["writable"],
    },
    { says: "the account's own group may", with: owners(), facts: standing({ mode: 0o664 }), fails: [] },
    { says: "another group may not", with: owners(), facts: standing({ mode: 0o664, gid: 100 }), fails: ["writable"] },
    {
      says: "CR LF line ends fail",
      with: { require: ["text"] },
      facts: standing({}, { crLf: { line: 1, count: 3 }, byteOrderMark: false, nul: false }),
      fails: ["text"],
    },
    {
      says: "a file on which the shell gives up fails",
      with: { require: ["syntax"] },
      facts: {
        ...standing({}),
        complaints: [{ file: "/home/oracle/.bashrc", line: 7, says: "syntax error: unexpected end of file" }],
      },
      fails: ["syntax"],
    },
    {
      says: "where nothing was run, whether the shell gives up is undecided",
      with: { require: ["syntax"] },
      facts: standing({}),
      fails: [],
      unknown: ["syntax"],
    },
  ],
});

function owners(): { require: Aspect[] } {
  return { require: ["owner", "writable", "link"] };
}

function standing(
  change: Partial<Step>,
  marks = { crLf: null, byteOrderMark: false, nul: false } as Standing["text"],
): Facts {
  const root = { uid: 0, gid: 0, mode: 0o755 };
  const own = { uid: 501, gid: 501, mode: 0o755 };
  const folders: Step[] = [
    { path: "/", is: "folder", ...root },
    { path: "/home", is: "folder", ...root },
    { path: "/home/oracle", is: "folder", ...own },
  ];
  const path = "/home/oracle/.cshrc";
  const file: Standing = {
    path,
    is: "file",
    real: path,
    steps: [...folders, { path, is: "file", ...own, mode: 0o644, ...change }],
    text: marks,
    room: null,
  };
  const home: Standing = {
    path: "/home/oracle",
    is: "folder",
    real: "/home/oracle",
    steps: folders,
    text: null,
    room: null,
  };
  return { ...oracle, startup: null, standings: { home, path: [], startupFiles: [file] } };
}
