import * as z from "zod";
import type { FactName, ModeId, Output, Place, SshServerFacts, Startup, Subsystem } from "../facts/index.ts";
import { checkKind, type Evidence, type Judgement, type Needed } from "./check-kind.ts";
import { cshrc, named, oracle, ready, sshd } from "./example-facts.ts";
import { doubtsAbout, forcedCommand, lockedOut } from "./ssh-wording.ts";
import { type Client, spoiling, type Transfer, transfers, waits } from "./transfer-wording.ts";
import { changeFor, exitWords, firstLine, placeOf, stillWords, waitWords } from "./wording.ts";

/** Of every transfer that the account's shell starts. */
const byShell = ["startup", "output", "sshServer"] as const satisfies readonly FactName[];
const needs = [...byShell, "stdin", "commands", "traps"] as const;
type Facts = Needed<(typeof needs)[number]>;

function transferOf(mode: ModeId): Transfer | null {
  switch (mode) {
    case "scp":
    case "scp-legacy":
    case "sftp":
    case "rsync":
    case "git":
      return mode;
    default:
      return null;
  }
}

/** How a transfer is answered on this host. */
type Answering =
  | { readonly kind: "shell"; readonly note: string }
  /** Part of sshd: no startup file is read. */
  | { readonly kind: "sshd" }
  | {
      readonly kind: "fails";
      readonly message: string;
      readonly client: Client;
      readonly where: Place | null;
      readonly change: string;
    }
  /** What the shell does decides as far as it is harmless; what else it comes to depends on `why`. */
  | { readonly kind: "either"; readonly why: string }
  | { readonly kind: "undecided"; readonly why: string };

function fails(message: string, client: Client, change: string, where: Place | null = null): Answering {
  return { kind: "fails", message, client, change, where };
}

function answering(transfer: Transfer, server: SshServerFacts | null): Answering {
  if (server === null) return { kind: "either", why: "nobody looked at sshd" };
  const { settings } = server;
  const { bySubsystem } = transfers[transfer];
  if (!server.isInstalled) return { kind: "shell", note: "as if the login shell started it, for no sshd is installed" };
  const asked = [...(bySubsystem ? ["subsystem"] : []), "forcecommand", "chrootdirectory"];
  const [doubt] = doubtsAbout(server, asked);
  if (settings === null || doubt !== undefined) {
    const why = doubt?.says ?? "sshd's settings are not known";
    return bySubsystem ? { kind: "either", why } : { kind: "shell", note: why };
  }
  const out = lockedOut(server);
  if (out !== null) return fails(out.message, denied, out.change, out.where);
  const forced = forcedCommand(server);
  if (forced !== null) return byForced(transfer, forced);
  if (!bySubsystem) return { kind: "shell", note: "" };
  return bySubsystemOf(settings.sftp, server);
}

const denied: Client = { says: "the client says: Permission denied (publickey)", consequence: "lock-out" };
const closed: Client = { says: "the client says: Connection closed", consequence: "failed-command" };

function bySubsystemOf(sftp: Subsystem, server: SshServerFacts): Answering {
  const where = server.places.get("subsystem") ?? null;
  const change = "let sshd_config say: Subsystem sftp internal-sftp";
  if (sftp.kind === "missing") return fails("sshd has no sftp subsystem", subsystemFailed, change);
  if (sftp.kind === "external" && !sftp.isThere) {
    return fails(`the sftp subsystem of sshd is not there: ${sftp.command}`, closed, change, where);
  }
  if (sftp.kind === "external") return { kind: "shell", note: "" };
  // Its output comes first even where no shell is started.
  return server.systemRc === null
    ? { kind: "sshd" }
    : { kind: "undecided", why: `sshd runs ${server.systemRc} before it` };
}

const subsystemFailed: Client = { ...closed, says: "the client says: subsystem request failed on channel 0" };

/** A command that runs instead of all that is sent answers as it likes; one that answers SFTP is as good as the subsystem. */
function byForced(transfer: Transfer, forced: NonNullable<ReturnType<typeof forcedCommand>>): Answering {
  const { bySubsystem } = transfers[transfer];
  const [program = ""] = forced.command.split(/\s+/, 1);
  if (program === "internal-sftp" && bySubsystem) return { kind: "sshd" };
  if (program.endsWith("/sftp-server") && bySubsystem) return { kind: "shell", note: "" };
  const client: Client =
    program === "internal-sftp"
      ? transfers[transfer].spoiled({ head: "This service allows sftp connections only.\n", isWhole: true })
      : { says: "the client gets what that writes", consequence: "corrupted-stream" };
  return fails(forced.message, client, forced.change, forced.where);
}

interface Broken {
  readonly message: string;
  readonly where: Place | null;
  readonly line: string | null;
  readonly change: string;
  readonly client: Client;
  readonly evidence?: Evidence;
}

type Told =
  | { readonly kind: "broken"; readonly broken: Broken }
  | { readonly kind: "unknown"; readonly why: string }
  | { readonly kind: "holds" };

/** What startup does to a transfer that the login shell starts. */
function throughShell(transfer: Transfer, facts: Facts): Told {
  const { startup, shell, output } = facts;
  const refusal = refusing.get(nameOf(shell.path));
  if (refusal !== undefined) return refused(transfer, shell.path, refusal);
  if (startup === null) return { kind: "unknown", why: "nothing is known of startup" };
  if (startup.ended !== "ready") return notReady(transfer, startup);
  const spoilt = spoiling(output);
  if (spoilt !== null) {
    const { of } = spoilt;
    const head = firstLine(of.head, 60);
    return broken({
      ...placeOf(of),
      message: `startup writes ${of.bytes} ${of.bytes === 1 ? "byte" : "bytes"} to stdout before it${head === "" ? "" : `: ${head}`}`,
      change: changeFor(of, {
        at: (line) => `move line ${line} below ${of.guard}, or send what it writes to /dev/null`,
        nowhere: `find what writes in the startup files that were read, and move it below ${of.guard}`,
      }),
      client: transfers[transfer].spoiled(spoilt),
      evidence: { head: of.head },
    });
  }
  if (startup.lost.includes("stdout")) {
    const change = "let startup leave stdout where it is";
    return broken({ ...placeOf(startup), message: "startup leads stdout elsewhere", change, client: waits });
  }
  const holder = startup.held.find(({ holds }) => holds.includes("stdout") || !transfers[transfer].bySubsystem);
  if (holder !== undefined) {
    const message = `${holder.command}, started by startup, keeps ${holder.holds.join(" and ")} open`;
    const change = "send what it writes to /dev/null, or start it elsewhere";
    const after: Client = { says: "all is transferred and the client waits for ever", consequence: "hang" };
    return broken({ ...placeOf(holder), message, change, client: after });
  }
  return eaten(transfer, facts) ?? withoutNoise(transfer, facts);
}

/** A client that speaks first waits for the answer to what startup took. */
function eaten(transfer: Transfer, { stdin }: Facts): Told | null {
  const client = transfers[transfer].eaten;
  if (client === null) return null;
  if (stdin === null) return { kind: "unknown", why: "what startup takes of stdin is not known" };
  if (stdin.arrivedBytes === stdin.sentBytes) return null;
  const change = changeFor(stdin, {
    at: (line) => `let line ${line} read </dev/null`,
    nowhere: "find what reads stdin in the startup files that were read (read, cat, ssh), and give it </dev/null",
  });
  return broken({ ...placeOf(stdin), message: "startup reads what the client sends", change, client });
}

/** Shells that run no command, and what they write instead. */
const refusing: ReadonlyMap<string, string> = new Map([
  ["nologin", "This account is currently not available.\n"],
  ["false", ""],
]);

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function refused(transfer: Transfer, shell: string, head: string): Told {
  const client = head === "" ? transfers[transfer].closed(1) : transfers[transfer].spoiled({ head, isWhole: true });
  const change =
    "give the account a shell that runs commands, or let sshd answer by itself: Subsystem sftp internal-sftp";
  return broken({ where: null, line: null, message: `${shell} runs no command`, change, client });
}

function broken(of: Broken): Told {
  return { kind: "broken", broken: of };
}

function notReady(transfer: Transfer, startup: Startup): Told {
  const { ended, exit, prompt, waiting, became } = startup;
  if (ended === "timed-out") return { kind: "unknown", why: `startup had not ended: ${stillWords(waiting)}` };
  const cause = placeOf(startup);
  const change = changeFor(startup, {
    at: (line) => `keep line ${line} from sessions without a person`,
    nowhere: "find in the startup files that were read what keeps commands from running",
  });
  if (ended === "hang" || ended === "stopped") {
    const message = `startup ${ended === "stopped" ? "is stopped" : waitWords(prompt, waiting)}`;
    return broken({ ...cause, message, change, client: waits });
  }
  const how =
    ended === "exec"
      ? `puts ${became ?? "another program"} in the place of the shell`
      : `ends the shell (${exitWords(exit)})`;
  return broken({
    ...cause,
    message: `startup ${how}`,
    change,
    client: transfers[transfer].closed(exit?.status ?? null),
  });
}

/** The program on the host, and what the shell writes when it ends. */
function withoutNoise(transfer: Transfer, { commands, traps }: Facts): Told {
  for (const needed of transfers[transfer].needs) {
    const found = commands.find(({ name }) => name === needed);
    if (found === undefined) return { kind: "unknown", why: `what ${needed} is was not asked` };
    if (found.is === "none") {
      const client: Client = { says: `the client says: ${needed}: command not found`, consequence: "failed-command" };
      const change = `install ${needed}, or put its folder into PATH for sessions without a person`;
      return broken({ ...placeOf(found), message: `the login shell finds no ${needed}`, change, client });
    }
    if (found.is !== "file") {
      return {
        kind: "unknown",
        why: `${needed} is ${found.is === "alias" ? "an" : "a"} ${found.is}, and what that does to it was not tried`,
      };
    }
  }
  // Only the one that is told by the end of its stream that all was sent takes note of what comes then.
  const atEnd = transfer === "scp-legacy" ? traps.find(({ signal }) => signal === "EXIT") : undefined;
  if (atEnd?.effect?.writes.includes("stdout")) {
    const client: Client = {
      says: "a client that fetches a file says: protocol error: expected control record",
      consequence: "failed-command",
    };
    return broken({
      ...placeOf(atEnd),
      message: "a trap writes to stdout when the shell ends",
      change: "let the trap write to stderr, or to a file",
      client,
    });
  }
  return atEnd !== undefined && atEnd.effect === null
    ? { kind: "unknown", why: "what the trap at the shell's end writes could not be seen" }
    : { kind: "holds" };
}

/** What startup does matters only where the login shell answers. */
function needsOf(
  _: string,
  { mode, shell, sshServer, startup, output }: Pick<Facts, "mode" | "shell" | "sshServer" | "startup" | "output">,
): readonly (typeof needs)[number][] {
  const transfer = transferOf(mode);
  if (transfer === null || refusing.has(nameOf(shell.path))) return ["sshServer"];
  const { kind } = answering(transfer, sshServer);
  if (kind === "sshd" || kind === "fails" || kind === "undecided") return ["sshServer"];
  const { eaten: lost, bySubsystem } = transfers[transfer];
  // What breaks it before needs nobody's word about stdin.
  const isBroken = startup?.ended !== "ready" || spoiling(output) !== null;
  const own = lost !== null && !isBroken ? ([...byShell, "stdin"] as const) : byShell;
  if (bySubsystem) return own;
  return transfer === "scp-legacy" ? [...own, "commands", "traps"] : [...own, "commands"];
}

function judge(_: unknown, facts: Facts): Judgement[] {
  const transfer = transferOf(facts.mode);
  if (transfer === null) return [];
  const subject = transfer;
  const by = answering(transfer, facts.sshServer);
  const found = { by: by.kind };
  const fail = (
    message: string,
    client: Client,
    of: Omit<Judgement, "subject" | "status" | "message" | "consequence">,
  ): Judgement => {
    const evidence = { ...found, client: client.says, ...of.evidence };
    return {
      ...of,
      subject,
      status: "fail",
      consequence: client.consequence,
      message: `${message}: ${client.says}`,
      evidence,
    };
  };
  if (by.kind === "fails") return [fail(by.message, by.client, { where: by.where, change: by.change })];
  if (by.kind === "undecided") return [{ subject, status: "unknown", message: by.why, evidence: found }];
  if (by.kind === "sshd") {
    return [
      { subject, status: "pass", message: "sshd answers it by itself, and no startup file is read", evidence: found },
    ];
  }
  const told = throughShell(transfer, facts);
  const note = by.kind === "shell" && by.note !== "" ? ` (${by.note})` : "";
  if (told.kind === "holds") {
    return [{ subject, status: "pass", message: `startup leaves it alone${note}`, evidence: found }];
  }
  if (told.kind === "unknown") return [{ subject, status: "unknown", message: told.why, evidence: found }];
  if (by.kind === "either") {
    return [
      {
        subject,
        status: "unknown",
        message: `${told.broken.message}, and whether sshd needs the shell for it is not known: ${by.why}`,
        evidence: found,
      },
    ];
  }
  const { message, client, ...of } = told.broken;
  return [fail(message, client, of)];
}

const base: Facts = {
  ...oracle,
  mode: "sftp",
  startup: ready,
  output: [],
  stdin: { sentBytes: 2400, arrivedBytes: 2400, isTail: true, where: null },
  commands: [named("scp", "file", "/usr/bin/scp"), named("rsync", "file", "/usr/bin/rsync")],
  traps: [],
  sshServer: sshd({}),
};
const greeting: Output = { stream: "stdout", bytes: 6, head: "hello\n", where: cshrc(2), guard: '"if ($?prompt)"' };
const exits: Startup = { ...ready, ended: "exited", exit: { status: 0, signal: null }, where: cshrc(2) };
const internal = sshd({ sftp: { kind: "internal" } });

export const fileTransfer = checkKind({
  id: "file-transfer",
  summary: "A file transfer by this way of coming in is not broken by the account's startup files or by sshd.",
  why: "scp, sftp, rsync and git begin to talk at once: a byte before that, or a shell that ends, breaks all of them.",
  consequence: "corrupted-stream",
  asksAbout: "transfer",
  needs,
  afterStartup: false,
  parameters: z.strictObject({}),
  subjects: (_, { mode }) => (transferOf(mode) === null ? [] : [mode]),
  needsOf,
  names: (_, { mode }) => {
    const transfer = transferOf(mode);
    return transfer === null ? [] : transfers[transfer].needs;
  },
  judge,
  examples: [
    { says: "silence holds", with: {}, facts: base, fails: [] },
    {
      says: "startup that reads a line takes the client's first message, and both wait",
      with: {},
      facts: { ...base, stdin: { sentBytes: 2400, arrivedBytes: 2360, isTail: true, where: cshrc(3) } },
      fails: ["sftp"],
    },
    { says: "a greeting breaks sftp", with: {}, facts: { ...base, output: [greeting] }, fails: ["sftp"] },
    {
      says: "a greeting does not reach an sftp that sshd answers by itself",
      with: {},
      facts: { ...base, output: [greeting], sshServer: internal },
      fails: [],
    },
    {
      says: "what stderr gets is harmless",
      with: {},
      facts: { ...base, mode: "rsync", output: [{ ...greeting, stream: "stderr" }] },
      fails: [],
    },
    {
      says: "a lone newline lets scp -O wait for ever",
      with: {},
      facts: { ...base, mode: "scp-legacy", output: [{ ...greeting, bytes: 1, head: "\n" }] },
      fails: ["scp-legacy"],
    },
    {
      says: "exit in a startup file leaves nobody who answers",
      with: {},
      facts: { ...base, mode: "rsync", startup: exits },
      fails: ["rsync"],
    },
    {
      says: "a program that the shell does not find answers nothing",
      with: {},
      facts: { ...base, mode: "rsync", commands: [named("rsync", "none", null)] },
      fails: ["rsync"],
    },
    {
      says: "ForceCommand internal-sftp leaves sftp alone",
      with: {},
      facts: { ...base, output: [greeting], sshServer: sshd({ forceCommand: "internal-sftp" }) },
      fails: [],
    },
    {
      says: "and breaks rsync",
      with: {},
      facts: { ...base, mode: "rsync", sshServer: sshd({ forceCommand: "internal-sftp" }) },
      fails: ["rsync"],
    },
    {
      says: "a greeting is undecided where it is not known whether sshd starts the shell for sftp",
      with: {},
      facts: { ...base, output: [greeting], sshServer: { ...internal, settings: null } },
      fails: [],
      unknown: ["sftp"],
    },
  ],
});
