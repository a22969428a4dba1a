/**
 * The ways of coming in (design 2). `start` says how the shell is started; a derived mode asks no question of its own.
 * Which of them can be measured today is said by the shells: a mode that no shell starts yet yields `unknown-mode`.
 */
export const modes = [
  { id: "ssh-command", standsFor: "ssh host CMD", start: "command", terminal: false },
  { id: "ssh-command-pty", standsFor: "ssh -tt host CMD", start: "command", terminal: true },
  { id: "ssh-login", standsFor: "ssh host", start: "login", terminal: true },
  { id: "ssh-login-notty", standsFor: "ssh -T host", start: "login", terminal: false },
  { id: "su-command", standsFor: "su A -c CMD", start: "command", terminal: false },
  { id: "su-login-command", standsFor: "su - A -c CMD", start: "login-command", terminal: false },
  { id: "sudo-login", standsFor: "sudo -iu A CMD", start: "login-command", terminal: false },
  { id: "cron", standsFor: "a crontab line", start: "command", terminal: false },
  { id: "scp", standsFor: "scp", start: "derived", terminal: false },
  { id: "scp-legacy", standsFor: "scp -O", start: "derived", terminal: false },
  { id: "sftp", standsFor: "sftp", start: "derived", terminal: false },
  { id: "rsync", standsFor: "rsync over ssh", start: "derived", terminal: false },
  { id: "git", standsFor: "git over ssh", start: "derived", terminal: false },
] as const;

export type Mode = (typeof modes)[number];
export type ModeId = Mode["id"];

export const modeIds: readonly ModeId[] = modes.map((mode) => mode.id);

export function modeOf(id: ModeId): Mode {
  const found = modes.find((mode) => mode.id === id);
  if (found === undefined) throw new Error(`no mode ${id}`);
  return found;
}
