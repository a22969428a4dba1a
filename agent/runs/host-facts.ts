/** Facts about an account that need no run of its shell, gathered where a rule asks for them. */
import { accountUseFacts } from "../collectors/account-use.ts";
import { localeNames } from "../collectors/locales.ts";
import { sshServerFacts } from "../collectors/ssh-server.ts";
import { sudoOf } from "../collectors/sudo.ts";
import {
  type Account,
  type AskedFact,
  type Gap,
  gapsOf,
  type HostFactName,
  hostFacts,
  type ModeFacts,
  type Replacement,
} from "../facts/index.ts";
import { standingsAs } from "../probe/standings.ts";

interface Asking {
  readonly account: Account;
  readonly asks?: readonly AskedFact[];
  readonly replaced?: readonly Replacement[];
}

type Gathered = Pick<ModeFacts, HostFactName> & { readonly gaps: readonly Gap[] };

/** The facts with what is asked for beside them, gathered while they are measured. What could not be had is a gap. */
export async function withHostFacts(measuring: Promise<ModeFacts>, asking: Asking): Promise<ModeFacts> {
  const asked = hostFacts.filter((fact) => asking.asks?.includes(fact) && gatherers[fact] !== undefined);
  if (asked.length === 0) return measuring;
  const gathering = asked.flatMap((fact) => gatherers[fact]?.(measuring, asking) ?? []);
  const [facts, ...gathered] = await Promise.all([measuring, ...gathering]);
  let all: ModeFacts = { ...facts, asked: [...(facts.asked ?? []), ...asked] };
  for (const { gaps, ...found } of gathered) all = { ...all, ...found, gaps: [...all.gaps, ...gaps] };
  return all;
}

type Gatherer = (measuring: Promise<ModeFacts>, asking: Asking) => Promise<Gathered>;

const gatherers: Partial<Readonly<Record<HostFactName, Gatherer>>> = {
  standings,
  async sudo(_, { account }) {
    const told = await sudoOf(account);
    return told.kind === "gap" ? missing("sudo", told) : { sudo: told.sudo, gaps: [] };
  },
  async locales() {
    const told = await localeNames();
    return told.kind === "gap" ? missing("locales", told) : { locales: told.names, gaps: [] };
  },
  sshServer: async (_, { account }) => ({ sshServer: await sshServerFacts(account), gaps: [] }),
  accountUse: async (_, { account }) => ({ accountUse: await accountUseFacts(account, Date.now()), gaps: [] }),
};

function missing(
  fact: HostFactName,
  { message, change }: { readonly message: string; readonly change: string },
): Gathered {
  return { [fact]: null, gaps: [{ code: "unreadable", message, change, of: [fact] }] };
}

async function standings(measuring: Promise<ModeFacts>, { account, replaced = [] }: Asking): Promise<Gathered> {
  const facts = await measuring;
  const path = facts.variables.find(({ name, exported }) => name === "PATH" && exported)?.value ?? "";
  const folders = [...new Set(path.split(":").filter((entry) => entry.startsWith("/")))];
  const files = facts.startupFiles.filter(({ state }) => state !== "absent").map((file) => file.path);
  const found = await standingsAs(account, [facts.home, ...folders, ...files], replaced);
  const of = (paths: readonly string[]) => paths.flatMap((each) => found.standings.get(each) ?? []);
  const home = found.standings.get(facts.home);
  if (found.why !== null || home === undefined) {
    return missing("standings", {
      message: `how files stand could not be seen: ${found.why ?? "no answer"}`,
      change: "",
    });
  }
  // No file because none could be read is not the same as a shell that reads none.
  if (files.length === 0 && gapsOf(facts, ["startupFiles"]).length > 0) {
    return missing("standings", { message: "which startup files there are is not known", change: "" });
  }
  return { standings: { home, path: of(folders), startupFiles: of([...new Set(files)]) }, gaps: [] };
}
