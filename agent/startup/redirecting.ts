/**
 * Variables by which a session decides what its shell reads, and how: they name a file or a folder of files, switch a mode
 * in which other files are read, or tell bash that it is no first shell (facts/shell-truth.md 4).
 */
const names = [
  "BASH_ENV",
  "ENV",
  "ZDOTDIR",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "XDG_DATA_DIRS",
  "POSIXLY_CORRECT",
  "SHELLOPTS",
  "BASHOPTS",
  "SHLVL",
];

/** Those of a session's variables that the reader of its startup files must know. */
export function redirecting(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => names.includes(name)));
}
