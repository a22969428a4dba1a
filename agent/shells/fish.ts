import type { ModeId } from "../facts/index.ts";
import { parseDump } from "./fish-answer.ts";
import { dump } from "./fish-dump.ts";
import type { Shell } from "./shell.ts";
import { usualStarts } from "./starts.ts";

const all: readonly ModeId[] = [
  "ssh-command",
  "ssh-command-pty",
  "ssh-login",
  "ssh-login-notty",
  "su-command",
  "su-login-command",
  "sudo-login",
];
/** It looks for a locale where LANG is not set; su and sudo as root hand theirs on. */
const withoutLocale: readonly ModeId[] = [
  "ssh-command",
  "ssh-command-pty",
  "ssh-login",
  "ssh-login-notty",
  "su-login-command",
];

const settings = { variable: "XDG_CONFIG_HOME", from: "~/.config" } as const;
const data = { variable: "XDG_DATA_HOME", from: "~/.local/share" } as const;

/** Complaints with which fish gives up on a file: it parses the whole of it before it runs any of it. */
const gaveUp =
  /^(?<file>[~/].*) \(line (?<line>\d+)\): (?<says>.*)\n(?:.*\n){1,4}from sourcing file .*\n(?:.*\n){1,6}?source: Error/m;

export const fish: Shell = {
  name: "fish",
  startedAs: ["fish"],
  binaries: ["fish"],
  syntax: "fish",
  starts: usualStarts,
  readsAllOfStdin: true,
  bare: ["--no-config"],
  reads: [
    { file: "~/.config/fish/fish_variables", movedBy: settings, followed: "universal", modes: all },
    { file: "/usr/share/fish/config.fish", followed: "never", modes: all },
    { file: "~/.config/locale.conf", movedBy: settings, followed: "never", modes: withoutLocale },
    { file: "~/.config/fish/conf.d/*.fish", movedBy: settings, modes: all },
    { file: "/etc/fish/conf.d/*.fish", modes: all },
    { file: "~/.local/share/fish/vendor_conf.d/*.fish", movedBy: data, modes: all },
    { file: "/usr/share/fish/vendor_conf.d/*.fish", modes: all },
    { file: "/etc/fish/config.fish", modes: all },
    { file: "~/.config/fish/config.fish", movedBy: settings, modes: all },
    { file: "~/.config/fish/functions/*.fish", movedBy: settings, followed: "when-called", modes: all },
    { file: "/etc/fish/functions/*.fish", followed: "when-called", modes: all },
    { file: "~/.local/share/fish/vendor_functions.d/*.fish", movedBy: data, followed: "when-called", modes: all },
    { file: "/usr/share/fish/vendor_functions.d/*.fish", followed: "when-called", modes: all },
  ],
  guard: "if status is-interactive",
  // An alias is a function here, and bites wherever its name is called.
  aliasesBite: () => true,
  dump,
  parseDump,
  // fish_trace names neither file nor line.
  trace: null,
  syntaxComplaint(stderr) {
    const { file = "", line, says = "" } = gaveUp.exec(stderr)?.groups ?? {};
    return file === "" ? null : { file, line: Number(line), says };
  },
  source: "fish(1), Configuration files; measured with 3.6.0 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
