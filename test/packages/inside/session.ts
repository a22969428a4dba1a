/** A probe's session of one account, as an agent would start it from here; prints what its command wrote. */
import { sessionGround } from "../../../agent/collectors/session-ground.ts";
import { accountByName } from "../../../agent/host/accounts.ts";
import { asker } from "../../../agent/probe/asker.ts";
import { personalityOf } from "../../../agent/shells/index.ts";

const [name = "", command = ""] = process.argv.slice(2);
const found = await accountByName(name);
if (found.kind !== "account") throw new Error(`expected an account ${name}, found none`);
const shell = personalityOf({ path: found.account.shell, resolved: found.account.shell });
if (shell === null) throw new Error(`expected a shell that rcwarden knows, found ${found.account.shell}`);
const ground = await sessionGround({ account: found.account, mode: "ssh-command", environmentFiles: {} });
const questions = asker({
  account: found.account,
  shell,
  mode: "ssh-command",
  terminal: false,
  sandbox: process.geteuid?.() === 0 ? "whole-root" : "own-account",
  env: ground.env,
  umask: ground.umask,
  limits: ground.limits,
  until: performance.now() + 30_000,
});
const { run } = await questions.ask(() => command, "empty");
if (run.ended !== "exited") throw new Error(`expected it to exit, found ${run.ended} ${JSON.stringify(run.refusal)}`);
process.stdout.write(run.stdout.head);
process.stderr.write(run.stderr.head);
