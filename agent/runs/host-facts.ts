/** Facts about an account that need no run of its shell, gathered where a rule asks for them. */
import { localeNames } from "../collectors/locales.ts";
import { sudoOf } from "../collectors/sudo.ts";
import {
  type Account,
  type AskedFact,
  type Gap,
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

/** `facts` with what is asked for beside them. What could not be had is a gap. */
export async function withHostFacts(facts: ModeFacts, asking: Asking): Promise<ModeFacts> {
  const asked = hostFacts.filter((fact) => asking.asks?.includes(fact) && gatherers[fact] !== undefined);
  if (asked.length === 0) return facts;
  const gathered = await Promise.all(asked.flatMap((fact) => gatherers[fact]?.(facts, asking) ?? []));
  let all: ModeFacts = { ...facts, asked: [...(facts.asked ?? []), ...asked] };
  for (const { gaps, ...found } of gathered) all = { ...all, ...found, gaps: [...all.gaps, ...gaps] };
  return all;
}

type Gatherer = (facts: ModeFacts, asking: Asking) => Promise<Gathered>;

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
};

function missing(
  fact: HostFactName,
  { message, change }: { readonly message: string; readonly change: string },
): Gathered {
  return { [fact]: null, gaps: [{ code: "unreadable", message, change, of: [fact] }] };
}

async function standings(facts: ModeFacts, { account, replaced = [] }: Asking): Promise<Gathered> {
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
  // Without a single row nobody read anything: an empty list would look as if all of them stood well.
  if (facts.startupFiles.length === 0) {
    return missing("standings", { message: "which startup files there are is not known", change: "" });
  }
  return { standings: { home, path: of(folders), startupFiles: of([...new Set(files)]) }, gaps: [] };
}
