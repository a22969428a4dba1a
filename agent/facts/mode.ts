/**
 * The ways of coming in (design 2). `by` starts the shell, `start` says how; a derived mode asks no question of its own.
 * Which of them can be measured today is said by the shells: a mode that no shell starts yet yields `unknown-mode`.
 */
export const modes = [
  { id: "ssh-command", standsFor: "ssh host CMD", by: "sshd", start: "command", terminal: false },
  { id: "ssh-command-pty", standsFor: "ssh -tt host CMD", by: "sshd", start: "command", terminal: true },
  { id: "ssh-login", standsFor: "ssh host", by: "sshd", start: "login", terminal: true },
  { id: "ssh-login-notty", standsFor: "ssh -T host", by: "sshd", start: "login", terminal: false },
  { id: "su-command", standsFor: "su A -c CMD", by: "su", start: "command", terminal: false },
  { id: "su-login-command", standsFor: "su - A -c CMD", by: "su", start: "login-command", terminal: false },
  { id: "sudo-login", standsFor: "sudo -iu A CMD", by: "sudo", start: "login-command", terminal: false },
  { id: "cron", standsFor: "a crontab line", by: "cron", start: "command", terminal: false },
  { id: "scp", standsFor: "scp", by: "sshd", start: "derived", terminal: false },
  { id: "scp-legacy", standsFor: "scp -O", by: "sshd", start: "derived", terminal: false },
  { id: "sftp", standsFor: "sftp", by: "sshd", start: "derived", terminal: false },
  { id: "rsync", standsFor: "rsync over ssh", by: "sshd", start: "derived", terminal: false },
  { id: "git", standsFor: "git over ssh", by: "sshd", start: "derived", terminal: false },
] as const;

export type Mode = (typeof modes)[number];
export type ModeId = Mode["id"];

export const modeIds: readonly ModeId[] = modes.map((mode) => mode.id);

export function modeOf(id: ModeId): Mode {
  const found = modes.find((mode) => mode.id === id);
  if (found === undefined) throw new Error(`no mode ${id}`);
  return found;
}

/** The way of coming in by whose facts a mode is decided: a derived one asks no question of its own. */
export function decidedBy(id: ModeId): ModeId {
  return modeOf(id).start === "derived" ? "ssh-command" : id;
}
