/**
 * How startup files, aliases and the login environment break remote automation: one entry for each of 92 ways that were
 * gathered from the field. policies/README.md shows by which check kind each is found; the test plants them.
 */
import type { Case, Open } from "./case.ts";
import { hanging } from "./hangs.ts";
import { failing, others, silent, spoiling } from "./others.ts";

export const cases: readonly Case[] = [...hanging, ...silent, ...failing, ...spoiling, ...others];

export const open: readonly Open[] = [
  {
    id: "interactive-flag-bash-ic",
    title: "bash -ic is sent",
    why: "an engine's own words; a document cannot say them",
  },
  {
    id: "fancy-prompt",
    title: "a prompt that no program knows",
    why: "what an engine expects of a prompt is not in its document",
  },
  {
    id: "forced-command",
    title: "sshd or a key runs another command",
    elsewhere: { check: "ssh-server", test: "checks/ssh-server" },
  },
  { id: "readonly-variables", title: "a variable that cannot be set", why: "no dump says what is read-only" },
  {
    id: "sftp-subsystem-missing",
    title: "no sftp",
    elsewhere: { check: "file-transfer", test: "checks/file-transfer" },
  },
  {
    id: "motd-on-stdin-script",
    title: "the message of the day in what is read",
    why: "it comes from PAM's modules, which are not run",
  },
  { id: "pam-systemd-25s", title: "PAM waits for logind", why: "PAM's modules are not run" },
  {
    id: "maxsessions-fallback",
    title: "too few sessions a connection",
    elsewhere: { check: "ssh-server", test: "checks/ssh-server" },
  },
  {
    id: "command-survives-disconnect",
    title: "a silent channel is dropped, the command goes on",
    elsewhere: { check: "ssh-server", test: "checks/ssh-server" },
  },
  { id: "rc-persistence", title: "an intruder's line", elsewhere: { check: "reviewed", test: "e2e/agent" } },
  {
    id: "account-locked",
    title: "a password that is locked, without PAM",
    elsewhere: { check: "account-usable", test: "checks/account-usable" },
  },
];
