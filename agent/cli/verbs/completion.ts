import type { Command } from "commander";
import { completions, wordsOf } from "../completion/index.ts";
import { wordOf } from "../options.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

const shells = completions.map(({ shell }) => shell);

export const completion: Verb = { declare, run, actions: shells };

function declare(command: Command): void {
  command
    .description("Prints what completes verbs, flags, modes, severities, formats and accounts in your shell.")
    .argument("[shell]", shells.join(", "))
    .addHelpText(
      "after",
      examples([
        ['eval "$(rcwarden completion bash)"', "in this bash, or in your ~/.bashrc below its guard for people"],
        ["rcwarden completion bash > /etc/bash_completion.d/rcwarden", "for everybody, as root"],
        ["rcwarden completion zsh > ~/.zfunc/_rcwarden", "a folder of your fpath"],
        ["rcwarden completion fish > ~/.config/fish/completions/rcwarden.fish", "fish"],
      ]),
    );
}

async function run({ words }: Call, { voice, verbs }: Surroundings): Promise<ExitCode> {
  const [named = "nothing", ...others] = words;
  const shell = wordOf("shell", named, shells);
  const problems = [
    ...(shell.problem === null ? [] : [shell.problem]),
    ...others.map((word) => `expected one shell, found "${word}" as well`),
  ];
  if (problems.length > 0) {
    voice.remark(...problems.map((problem) => `rcwarden completion: ${problem}`));
    return 2;
  }
  const found = completions.find((each) => each.shell === shell.value);
  voice.exact(found?.script(wordsOf(await verbs())) ?? "");
  return 0;
}
