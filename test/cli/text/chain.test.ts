import assert from "node:assert/strict";
import { test } from "node:test";
import { chainOf, tilde } from "../../../agent/cli/text/chain.ts";
import { absent, account, goodFacts, oracle, read } from "../support/world.ts";

const at = (file: string, ...through: readonly string[]) => ({ file, line: 1, column: 1, through });

test("the home is ~, where that stands for one file only", () => {
  assert.equal(tilde("/home/oracle/.cshrc", oracle), "~/.cshrc");
  assert.equal(tilde("/home/oracle2/.cshrc", oracle), "/home/oracle2/.cshrc");
  assert.equal(tilde("/etc/csh.cshrc", account("root", 0, "/bin/sh", "/")), "/etc/csh.cshrc");
  assert.equal(tilde("/a/../b/x", account("a", 1, "/bin/sh", "/a/../b")), "/a/../b/x");
  assert.equal(tilde("home/x", account("a", 1, "/bin/sh", "home")), "home/x");
});

test("the chain names who starts the shell, how, and every file until the guilty one", () => {
  const startupFiles = [
    read("/etc/csh.cshrc"),
    absent("/home/oracle/.tcshrc"),
    read("/home/oracle/.cshrc"),
    read("/u01/site.csh", "/home/oracle/.cshrc"),
    read("/etc/csh.logout"),
  ];
  const facts = goodFacts(oracle, "ssh-command", [], { startupFiles });
  assert.equal(chainOf(at("/home/oracle/.cshrc"), facts, oracle), "sshd -> /bin/tcsh -c -> /etc/csh.cshrc -> ~/.cshrc");
  assert.equal(
    chainOf(at("/u01/site.csh", "/home/oracle/.cshrc"), facts, oracle),
    "sshd -> /bin/tcsh -c -> /etc/csh.cshrc -> ~/.cshrc -> /u01/site.csh",
  );
});

test("a login is said as the shell's own name with a dash", () => {
  const facts = goodFacts(oracle, "su-login-command", []);
  assert.equal(chainOf(at("/home/oracle/.login"), facts, oracle), "su -> -tcsh -c -> ~/.login");
});

test("where no line was found, every file that was read is named", () => {
  const facts = goodFacts(oracle, "ssh-command", [], {
    startupFiles: [read("/etc/csh.cshrc"), read("/home/oracle/.cshrc")],
  });
  assert.equal(chainOf(null, facts, oracle), "sshd -> /bin/tcsh -c -> /etc/csh.cshrc -> ~/.cshrc");
});
