/** What sshd does with an account that comes in by key, before the account's shell has any say; and whether it lets it in. */
import type { Place } from "./index.ts";

/** What decides of one session, as sshd_config(5) has it, for this account. */
export interface SshSettings {
  readonly usesPam: boolean;
  readonly sftp: Subsystem;
  readonly forceCommand: string | null;
  readonly permitsTerminal: boolean;
  readonly permitsUserRc: boolean;
  /** `yes`, `no`, or a list of patterns of names. */
  readonly permitsUserEnvironment: string;
  /** AllowStreamLocalForwarding lets a client reach a socket of the host, and nothing forbids forwarding as a whole. */
  readonly forwardsSockets: boolean;
  /** A file that is shown before anybody is let in; harmless, for clients print it to stderr. */
  readonly banner: string | null;
  readonly chroot: string | null;
  readonly keysCommand: string | null;
  readonly strictModes: boolean;
  /** Why the account is not let in whatever its keys, one clause (`DenyUsers names it`); null where nothing says so. */
  readonly refuses: string | null;
  readonly maxSessions: number;
  /** Seconds of silence after which a session is ended although its command still runs; null where none is. */
  readonly endsIdleAfter: number | null;
}

/** What answers where a client asks for `sftp`: part of sshd, a program that the login shell starts, or nothing. */
export type Subsystem =
  | { readonly kind: "internal" }
  | { readonly kind: "external"; readonly command: string; readonly isThere: boolean }
  | { readonly kind: "missing" };

/** One file in which sshd looks for keys of the account. */
export interface KeyFile {
  readonly path: string;
  /** `unsafe`: StrictModes makes sshd pass over it. */
  readonly state: "read" | "absent" | "unreadable" | "unsafe";
  /** Why, where it is unreadable or unsafe: one clause that names the path. */
  readonly why: string;
  /** The change that helps, where it is unsafe; else "". */
  readonly change: string;
  readonly keys: readonly LoginKey[];
}

export interface LoginKey {
  readonly where: Place;
  /** `command=`: runs instead of what is sent. */
  readonly command: string | null;
  readonly permitsTerminal: boolean;
  readonly permitsUserRc: boolean;
  readonly forwardsSockets: boolean;
}

/** A setting that is not certain, and why. */
export interface SshDoubt {
  /** Names of settings, as sshd_config(5) has them in lower case, or `keys`; none where it is about all of them. */
  readonly about: readonly string[];
  readonly says: string;
  readonly change: string;
}

export interface SshServerFacts {
  /** One clause: whose word the settings are. */
  readonly evidence: string;
  /** Null where no sshd is installed, or nothing of its settings could be had: `doubts` says why. */
  readonly settings: SshSettings | null;
  readonly isInstalled: boolean;
  /** Where the setting stands that decides, by keyword in lower case; what is not set stands nowhere. */
  readonly places: ReadonlyMap<string, Place>;
  /** In the order in which sshd looks. */
  readonly keyFiles: readonly KeyFile[];
  /** What /bin/sh runs before a command, with the command's stdout: whose it is, and null where there is none. */
  readonly rc: { readonly path: string; readonly of: "account" | "system" } | null;
  /** /etc/ssh/sshrc, which runs before a subsystem, too; an account's own does not. */
  readonly systemRc: string | null;
  readonly doubts: readonly SshDoubt[];
}

/** Whether the account's entry lets anybody in, as sshd, PAM and the kernel see it. */
export interface AccountUseFacts {
  readonly shell: {
    readonly path: string;
    readonly is: "program" | "missing" | "not-executable" | "not-a-file";
    /** Whether /etc/shells lists it; null where there is no such file. */
    readonly isListed: boolean | null;
  };
  /** What the shadow database says; the kinds that are no `entry` say why it says nothing. */
  readonly shadow: Shadow;
  /** Days since 1970-01-01, UTC. */
  readonly today: number;
  /** The file that keeps everybody but root out (nologin(5)); null where there is none. */
  readonly nologin: string | null;
  readonly home: "folder" | "missing" | "not-a-folder" | "unknown";
  readonly usesPam: boolean | null;
  /** Modules of PAM's account stack for sshd, each once, in their order. */
  readonly pamModules: readonly string[];
}

export type Shadow =
  | {
      readonly kind: "entry";
      /** `locked`: begins with `!`. Null where only the dates could be had. */
      readonly password: "set" | "none" | "locked" | "impossible" | null;
      /** Days since 1970-01-01; null where it never was, or never is. */
      readonly changedOn: number | null;
      readonly passwordEndsOn: number | null;
      readonly accountEndsOn: number | null;
      /** A change is demanded at the next login. */
      readonly mustChange: boolean;
    }
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable"; readonly why: string };
