// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of shells
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { ModeId } from "../../agent/facts/index.ts";
import { accountFiles } from "../../agent/host/account-files.ts";
import { shells } from "../../agent/shells/index.ts";
import { read } from "../../agent/startup/index.ts";

/** The reading and the real shell open the same files, in the same order. */
interface Case {
  readonly shell: "bash" | "zsh" | "tcsh" | "bsd-csh" | "fish";
  readonly login?: boolean;
  readonly files: Readonly<Record<string, string>>;
}
const skeleton = existsSync("/etc/skel/.bashrc") ? readFileSync("/etc/skel/.bashrc", "utf8") : "";
const profile = existsSync("/etc/skel/.profile") ? readFileSync("/etc/skel/.profile", "utf8") : "";

const cases: Readonly<Record<string, Case>> = {
  "Debian's skeleton for a command": {
    shell: "bash",
    files: { ".bashrc": skeleton, ".profile": profile, ".bash_aliases": "" },
  },
  "Debian's skeleton without its guard": {
    shell: "bash",
    files: { ".bashrc": skeleton.replace(/^case \$-[\s\S]*?esac/m, ""), ".bash_aliases": "alias a=b" },
  },
  "Debian's skeleton for a login": { shell: "bash", login: true, files: { ".bashrc": skeleton, ".profile": profile } },
  "a login with a profile of bash's own": {
    shell: "bash",
    login: true,
    files: { ".bash_login": ". ~/.bashrc", ".profile": "alias no=no", ".bashrc": "alias a=b" },
  },
  "includes, guards and loops of bash": {
    shell: "bash",
    files: {
      ".bashrc": `for f in ~/.bashrc.d/*.sh ~/.{one,two,none}; do [ -r "$f" ] && . "$f"; done
[ "$-" = "\${-#*i}" ] && source "$HOME/quiet"
[[ $- == *i* ]] && . ~/loud
case $PATH in *:/sbin) . ~/x;; *bin*) . ~/path;; esac
if [ -n "$PS1" ]; then . ~/loud; elif [ -t 0 ]; then . ~/loud; else . ~/quiet2; fi
f() { . ~/$1; return; . ~/loud; }
f called
(. ~/sub); x=$(. ~/captured)
cd ~/d && . ./here
unset g; . ~/\${g:-dflt}; . ~/\${g:+loud}none
while [ -e ~/once ]; do . ~/once; break; . ~/loud; done
! shopt -oq posix && . ~/posix
eval '. ~/evaled'
[ -z $NONE ] && . ~/split
test -e ~/none -o -e ~/one && . ~/or
exit 0
. ~/loud`,
      ".bashrc.d/b.sh": "",
      ".bashrc.d/a.sh": ". ~/.bashrc.d/b.txt",
      ".bashrc.d/b.txt": "",
      ".one": "return\n. ~/loud",
      ".two": "",
      quiet: "",
      quiet2: "",
      loud: "",
      called: "",
      path: "",
      sub: "",
      captured: "",
      "d/here": "",
      dflt: "",
      once: "",
      posix: "",
      evaled: "",
      split: "",
      or: "",
      x: "",
    },
  },
  "includes, guards and loops of zsh": {
    shell: "zsh",
    files: {
      ".zshenv": `for f ("$HOME"/z/*.zsh(N)) source $f
for f in ~/none/*(N); do . $f; done
[[ -o interactive ]] && . ~/loud
[[ -o interactive ]] || . ~/quiet
x=~/dir/name.ext; . ~/\${x:t}; . ~/\${x:t:r}
() { . ~/nameless; return; . ~/loud }
if [[ -z $PS1 ]] { . ~/brace } else { . ~/loud }
list=(one two); for f in $list; do . ~/$f; done
repeat 1 . ~/repeated
return
. ~/loud`,
      "z/b.zsh": "",
      "z/a.zsh": "",
      loud: "",
      quiet: "",
      "name.ext": "",
      name: "",
      nameless: "",
      brace: "",
      one: "",
      two: "",
      repeated: "",
      ".zshrc": "",
      ".zprofile": "",
    },
  },
  "a login of zsh with its files elsewhere": {
    shell: "zsh",
    login: true,
    files: {
      ".zshenv": "ZDOTDIR=$HOME/z",
      "z/.zprofile": ". ~/a",
      "z/.zlogin": "",
      ".zlogin": "",
      a: "",
      "z/.zshrc": "",
    },
  },
  "includes, guards and loops of tcsh": {
    shell: "tcsh",
    files: {
      ".cshrc": `if (-e ~/one) source ~/one
if ($?prompt) source ~/loud
if (! $?prompt) then
  source ~/quiet
else
  source ~/loud
endif
foreach f (a b)
  source ~/$f
end
if ($?tcsh && -d ~/d) source ~/d/e
switch ($f)
case a:
  source ~/loud
  breaksw
case b*:
  source ~/b2
default:
  source ~/fell
endsw
set x = 3
if ($x >= 3 && "$f" == b) source ~/number
if ($x =~ [4-9]) source ~/loud
if ($f:q == b) source ~/modified
while (1)
  source ~/once
  break
end
exit
source ~/loud`,
      one: "exit\nsource ~/loud",
      loud: "",
      quiet: "",
      a: "",
      b: "",
      b2: "",
      fell: "",
      number: "",
      modified: "",
      once: "",
      "d/e": "",
    },
  },
  "includes and guards of the csh of BSD": {
    shell: "bsd-csh",
    files: {
      ".cshrc": `if ($?prompt) source ~/loud
if (! $?tcsh) source ~/quiet
if (-e ~/cut) source ~/cut
source ~/last`,
      ".tcshrc": "source ~/loud",
      ".login": "",
      loud: "",
      quiet: "exit 3\nsource ~/loud",
      cut: "source ~/quiet2\nif (1) source ~/quiet3",
      quiet2: "",
      quiet3: "",
      last: "",
    },
  },
  "folders, guards and loops of fish": {
    shell: "fish",
    files: {
      ".config/fish/config.fish": `status is-interactive; and source ~/loud
status is-login; or source ~/quiet
if not status --is-interactive; and test -e ~/one; source ~/one; else; source ~/loud; end
for f in ~/d/*.fish ~/none/*.fish; source $f; end
set -l list two three
for f in $list; source ~/$f; end
source ~/"$list[1]"none 2>/dev/null
function called; source ~/$argv[1]; return; source ~/loud; end
switch $HOME
  case '*'
    source ~/"case"
  case '/tmp*'
    source ~/loud
end
begin; source ~/in; end >/dev/null
set -q NOSUCH; and source ~/loud
set -q HOME && source ~/set
contains two $list; and source ~/contains
contains four $list; or source {$HOME}/contained
while true; source ~/once; break; source ~/loud; end
eval 'source ~/evaled'
echo (source ~/captured) >/dev/null
cd ~/d; source ./here
function leaves; exit 3; end
leaves
source ~/loud`,
      ".config/fish/conf.d/a10.fish": "",
      ".config/fish/conf.d/a2.fish": "exit",
      ".config/fish/conf.d/B.fish": "",
      ".config/fish/conf.d/00debian-profile.fish": "",
      ".config/fish/conf.d/none.txt": "",
      ".config/fish/functions/rm.fish": "function rm; end",
      ".config/fish/fish_variables": "SETUVAR uni:a",
      ".config/locale.conf": "",
      ".local/share/fish/vendor_conf.d/a2.fish": "source ~/loud",
      ".local/share/fish/vendor_conf.d/c.fish": "",
      "d/b.fish": "return\nsource ~/loud",
      "d/a.fish": "",
      "d/here": "",
      loud: "",
      quiet: "",
      one: "",
      two: "",
      three: "",
      case: "",
      in: "",
      set: "",
      contains: "",
      contained: "",
      once: "",
      evaled: "",
      captured: "",
    },
  },
  "a file of fish that makes no sense is not run at all": {
    shell: "fish",
    login: true,
    files: {
      ".config/fish/config.fish": "source ~/loud\nif true",
      loud: "",
      ".config/fish/conf.d/x.fish": "source ~/a",
      a: "",
    },
  },
  "~/.tcshrc before ~/.cshrc at a login": {
    shell: "tcsh",
    login: true,
    files: { ".tcshrc": "", ".cshrc": "", ".login": "if ($?loginsh) source ~/in", in: "" },
  },
};

const skip = ["/usr/bin/strace", "/bin/bash", "/bin/zsh", "/bin/tcsh", "/bin/bsd-csh", "/bin/fish"].find(
  (path) => !existsSync(path),
);

for (const [name, { shell, login = false, files }] of Object.entries(cases)) {
  test(`reads what the real shell opens: ${name}`, { skip: skip === undefined ? false : `needs ${skip}` }, () => {
    const home = mkdtempSync(join(tmpdir(), "rcwarden-real-"));
    try {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(home, path)), { recursive: true });
        writeFileSync(join(home, path), `${text}\n`);
      }
      const env = { HOME: home, PATH: "/usr/bin:/bin", SSH_CLIENT: "::1 1 2", USER: "papaya" };
      const mode: ModeId = login ? "su-login-command" : "ssh-command";
      const known = shells.find(({ startedAs }) => startedAs[0] === shell);
      assert.ok(known);
      const found = read(known, mode, { home, uid: process.getuid?.() ?? 0 }, env, accountFiles());
      const expected = found.files.filter(({ state }) => state === "read").map(({ path }) => path);
      assert.deepEqual(expected, opened(shell, login, home, env));
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
}

function opened(shell: string, login: boolean, home: string, env: Record<string, string>): string[] {
  const log = join(home, "strace.log");
  const argv0 = login ? `-${shell}` : shell;
  // A subshell is a process of its own; only what any of them opens for reading counts.
  const strace = ["-f", "-qq", "-e", "trace=openat,open", "-e", "signal=none", "-s", "4096", "-o", log];
  const script = 'cd "$HOME" && exec -a "$0" "$@"';
  const clean = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const start = ["env", "-i", ...clean, "bash", "--norc", "-c", script, argv0, `/bin/${shell}`, "-c", ":"];
  execFileSync("strace", [...strace, ...start], { input: "", stdio: ["pipe", "ignore", "ignore"] });
  const lines = readFileSync(log, "utf8").split("\n");
  const paths: string[] = [];
  for (const line of lines) {
    const [, path, flags, result] = /open(?:at)?\((?:AT_FDCWD, )?"([^"]+)", ([A-Z_|]+).*\) = (-?\d+)/.exec(line) ?? [];
    if (path === undefined || Number(result) < 0 || flags?.includes("O_DIRECTORY") || path === log) continue;
    const whole = path.startsWith("/") ? path : null;
    // fish opens a folder before it goes there.
    if (path === `${home}/d`) continue;
    const isOurs =
      whole?.startsWith(`${home}/`) ||
      /^\/etc\/(bash|profile|zsh|csh|fish)|^\/usr\/share\/fish\/(config|vendor)/.test(path);
    if (path === "./here") paths.push(`${home}/d/here`);
    else if (isOurs && !paths.includes(path)) paths.push(path);
  }
  return paths;
}
