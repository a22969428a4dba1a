import { type Command, Option } from "commander";
import { anyOf } from "../../documents/index.ts";
import { type Action, type ActionOption, meant, refuse } from "../cleanup/action.ts";
import { actions } from "../cleanup/index.ts";
import { type Call, type ExitCode, examples, gather, type Surroundings, type Verb } from "../verb.ts";

const names = actions.map(({ name }) => name);

export const cleanup: Verb = { declare, run, actions: names };

function declare(command: Command): void {
  command
    .description(
      "Says which files each Retention lets go, removes exactly those that somebody saw in a plan, and tells what became of each. It works below the Retention's root as its account and within what the Grant allows; what changed since it was planned stays.",
    )
    .usage(actions.map(({ name, usage }) => `${name} ${usage}`).join("\n       rcwarden cleanup "))
    .argument("[action]", actions.map(({ name, summary }) => `${name}: ${summary}`).join("\n"));
  for (const option of optionsOf(actions)) command.addOption(option);
  const shown = actions.flatMap((action) => action.examples);
  command.addHelpText("after", examples([...shown, ["rcwarden policy schema Retention", "what a Retention can say"]]));
}

/** Each option once, with what every action that takes it means by it. */
function optionsOf(takers: readonly Action[]): readonly Option[] {
  const all = takers.flatMap(({ name, options }) => options.map((option) => ({ name, option })));
  return [...Map.groupBy(all, ({ option }) => option.flags)].map(([flags, taken]) => {
    const option = new Option(flags, saysOf(taken, takers.length > 1));
    return taken.some((each) => each.option.isRepeated) ? option.argParser(gather) : option;
  });
}

type Taken = { readonly name: string; readonly option: ActionOption };

function saysOf(taken: readonly Taken[], isNamed: boolean): string {
  const bySays = [...Map.groupBy(taken, ({ option }) => option.says)];
  const parts = bySays.map(([says, takers]) =>
    isNamed && takers.length < actions.length ? `${takers.map(({ name }) => name).join(", ")}: ${says}` : says,
  );
  return parts.join("; ");
}

async function run(call: Call, surroundings: Surroundings): Promise<ExitCode> {
  const { voice } = surroundings;
  const [name, stray] = call.words;
  if (name === undefined) return refuse(voice, `expected ${anyOf(names)}, found nothing`);
  const action = actions.find((each) => each.name === name);
  if (action === undefined) return refuse(voice, `expected ${anyOf(names)}, found "${name}"${meant(name, names)}`);
  if (stray !== undefined) return refuse(voice, `expected one action, found "${stray}" as well`);
  const foreign = foreignOption(action, call);
  return foreign === null ? action.run(call, surroundings) : refuse(voice, foreign);
}

/** An option that only other actions take would be passed over, and whoever gave it meant something by it. */
function foreignOption(action: Action, { flags }: Call): string | null {
  for (const other of actions) {
    for (const { flags: declared } of other.options) {
      const option = new Option(declared);
      const isOwn = action.options.some((own) => own.flags === declared);
      if (isOwn || flags[option.attributeName()] === undefined) continue;
      const takers = actions.filter(({ options }) => options.some((each) => each.flags === declared));
      return `expected ${option.long} with ${anyOf(takers.map((each) => each.name))} only, found it with ${action.name}`;
    }
  }
  return null;
}
