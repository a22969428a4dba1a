/** Startup files in the way of both programs that are csh. */
/** Builtins of both, keywords and programs. */
export const names =
  "set setenv unset echo which where eval builtins umask exit source if foreach switch repeat cd printenv env cat @ end endif";
/** What a startup file may do to the words of a dump. */
export const hostile = {
  "aliases named after builtins": names
    .split(" ")
    .map((name) => `alias ${name} '/bin/echo FAKE'`)
    .join("\n"),
  "an alias of a path": "alias /usr/bin/env '/bin/echo FAKE'",
  noclobber: "set noclobber",
  "a trace": "set echo\nset verbose",
  "exit values": "set printexitvalue",
  "no globs": "set noglob",
  "times of commands": "set time = 0",
  "a style of echo": "set echo_style = both",
  "another style of echo, readonly": "set -r echo_style = none",
  "a status that is not 0": "/bin/false",
  "another folder and umask": "cd /\numask 777",
  "no path": "unsetenv PATH\nset path = ()",
  "another locale": "setenv LC_ALL C",
  exit: "exit 3",
} as const;
