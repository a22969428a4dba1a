/** One way in which startup files, and what is around them, break engines: planted, found, and seen in a real session. */
import type { ModeId } from "../../../agent/facts/index.ts";
import type { TestAccount } from "../../support/accounts.ts";
import type { SshEnd } from "../../support/sshd.ts";

export interface Planted {
  readonly shell?: string | undefined;
  /** Content by path below the home; a name in bin/ is executable. */
  readonly files?: Readonly<Record<string, string>>;
  /** What files alone cannot make. */
  prepare?(account: TestAccount): void;
  /** Takes away what that made outside of the home. */
  undo?(account: TestAccount): void;
}

/** A real session, without rcwarden. */
export interface Session {
  /** A private sshd if left out; `su`: `su - ACCOUNT -c`, with nothing on stdin; `scp-legacy`: `scp -O` of a file there. */
  readonly by?: "ssh" | "su" | "scp-legacy";
  readonly send: string;
  readonly tty?: boolean;
  /** What it reads, then the end; open and silent if left out, as an engine leaves it. */
  readonly stdin?: string;
  /** Whether what happened is the harm that the finding names. `hung`: it did not end. */
  shows(end: SshEnd & { readonly hung: boolean }, home: string): boolean;
}

export interface Found {
  /** The check kind, with what it takes: `variable`, `{ names: [TMOUT], is: unset }`. */
  readonly check: string;
  readonly with?: string;
  readonly mode?: ModeId;
  /** What the engine sends; `true` if left out. */
  readonly sends?: readonly string[];
  /** The line that must be named, `.bashrc:2`; null where no line of a startup file is to blame. */
  readonly line: string | null;
  /** `unknown` where no machine can say what comes of it, and the line is named all the same. */
  readonly status?: "fail" | "unknown";
}

export interface Case extends Planted, Found {
  readonly id: string;
  readonly title: string;
  readonly session?: Session;
  /** The same with what must not be said: a guard that does guard, a harmless neighbour. */
  readonly twin?: Planted;
}

/** One that is not found here: in another test, or not at all, and why. */
export interface Open {
  readonly id: string;
  readonly title: string;
  readonly elsewhere?: { readonly check: string; readonly test: string };
  readonly why?: string;
}
