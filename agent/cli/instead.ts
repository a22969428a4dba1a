/** What `check` measures instead of what is there: files that hold something else, a home and shell of no account. */
import type { Instead, Measured, Replaced } from "../evaluate/index.ts";
import { type Account, everyFact, type Gap, type ModeFacts, type Replacement } from "../facts/index.ts";
import type { HomeAccount } from "../runs/home-account.ts";
import type { Replacing, Wished } from "../runs/replacing.ts";
import type { NameService } from "../runs/world.ts";

/** The world as far as this needs it. */
export interface InsteadParts {
  /** Opens it as whoever called, and reads at most so many bytes and one more. */
  bytes(path: string, most: number): Promise<Bytes>;
  replacement(account: Account, wished: Wished): Promise<Replacing>;
  homeAccount(folder: string, shell: string): Promise<HomeAccount>;
}

export type Bytes =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "unreadable"; readonly why: string };

export interface InsteadWish {
  /** `FILE=NEW`, each. */
  readonly with: readonly string[];
  readonly home: string | null;
  readonly shell: string | null;
}

export const nothingInstead: InsteadWish = { with: [], home: null, shell: null };

/** Of one file, and of all together: a startup file is not longer, and all go to the sandbox for every question. */
const mostBytes = 1_048_576;
const mostInAll = 4 * mostBytes;

export type Files =
  | { readonly kind: "files"; readonly files: readonly (Wished & { readonly by: string })[] }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** Takes what the files hold, once and before anything is measured. */
export async function filesInstead(wish: InsteadWish, parts: InsteadParts): Promise<Files> {
  const files: (Wished & { readonly by: string })[] = [];
  const problems: string[] = [];
  let left = mostInAll;
  for (const text of wish.with) {
    const [, file, by] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (file === undefined || by === undefined) {
      problems.push(`--with: expected FILE=NEW, found "${text}"`);
      continue;
    }
    if (by === "-" && files.some((each) => each.by === "-")) {
      problems.push("--with: expected stdin (-) once, found it again");
      continue;
    }
    const found = await parts.bytes(by, mostBytes);
    if (found.kind === "unreadable")
      problems.push(`--with: expected a file that you may read, found ${by}: ${found.why}`);
    else if (found.bytes.length > mostBytes) problems.push(`--with: expected at most 1 MiB, found more in ${by}`);
    else if (found.bytes.length > left) problems.push(`--with: expected at most 4 MiB in all, found more with ${by}`);
    else {
      left -= found.bytes.length;
      files.push({ file, by, content: found.bytes });
    }
  }
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "files", files };
}

export type Placed =
  | { readonly kind: "placed"; readonly of: ReadonlyMap<string, readonly Instead[]> }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** Where each of them is for each account, by the account's name. */
export async function placesInstead(
  files: readonly (Wished & { readonly by: string })[],
  accounts: readonly Account[],
  parts: InsteadParts & Home,
): Promise<Placed> {
  const of = new Map<string, Instead[]>();
  const problems = new Set<string>();
  for (const account of accounts) {
    const own: Instead[] = [];
    for (const wished of files) {
      const replacing = await parts.replacement(account, wished);
      if (replacing.kind === "refused") problems.add(`${replacing.problem}${hintOf(wished.file, account, parts)}`);
      else own.push({ by: wished.by, replacement: replacing.replacement });
    }
    of.set(account.name, own);
  }
  return problems.size > 0 ? { kind: "refused", problems: [...problems] } : { kind: "placed", of };
}

export type Host =
  | {
      readonly kind: "host";
      readonly host: NameService;
      readonly accounts: readonly string[];
      readonly notes: string[];
    }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** The name service, and whom to measure by it: with `--home` one account that only it knows. */
export async function hostInstead(
  { accounts, home, shell }: InsteadWish & { readonly accounts: readonly string[] },
  parts: NameService & InsteadParts,
): Promise<Host> {
  if (home === null && shell === null) return { kind: "host", host: parts, accounts, notes: [] };
  const problems = [
    ...(home === null ? ["--home: expected a folder beside --shell, found nothing"] : []),
    ...(shell === null ? ["--shell: expected the path of a shell beside --home, found nothing"] : []),
    ...(accounts.length > 0 ? ["expected --account or --home, found both"] : []),
  ];
  if (home === null || shell === null || problems.length > 0) return { kind: "refused", problems };
  const found = await parts.homeAccount(home, shell);
  if (found.kind === "refused") return found;
  const { account } = found;
  const says = `${account.home} with ${account.shell}, as the folder's owner, uid ${account.uid}`;
  const host = { ...parts, account: async () => ({ kind: "account", account }) as const };
  return { kind: "host", host, accounts: [account.name], notes: [says] };
}

/** The same as a measurement takes them. */
export function replacementsOf(
  of: ReadonlyMap<string, readonly Instead[]>,
): ReadonlyMap<string, readonly Replacement[]> {
  return new Map([...of].map(([name, each]) => [name, each.map(({ replacement }) => replacement)]));
}

/** The caller's environment. */
interface Home {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The calling shell puts its own home in the place of `~/`. */
function isOfCaller(file: string, { home }: Account, { env }: Home): boolean {
  return env.HOME !== undefined && env.HOME !== home && file.startsWith(`${env.HOME}/`);
}

const quoting = "quote it, so that ~ stays the account's home: --with '~/FILE=NEW'";

function hintOf(file: string, account: Account, home: Home): string {
  return isOfCaller(file, account, home) ? `; ${quoting}` : "";
}

/** What was measured; where no way of coming in came to a file that was to be replaced, nothing was determined of it. */
export function withUnread(
  { account, modes }: Measured,
  replaced: readonly Replaced[],
  home: Home,
): readonly ModeFacts[] {
  const gaps = replaced
    .filter(({ readIn }) => readIn.length === 0)
    .map(({ file }): Gap => {
      const change = isOfCaller(file, account, home)
        ? quoting
        : "name a file that its startup reads; rcwarden explain lists them";
      const message = `${file} was to hold something else, and no startup file that was read is this one`;
      return { code: "not-reached", message, change, of: everyFact };
    });
  return gaps.length === 0 ? modes : modes.map((facts) => ({ ...facts, gaps: [...facts.gaps, ...gaps] }));
}
