/** What the tests of a look share: the sweeper as it is shipped, a tree of an account's, and all that a look said. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import type { ToLookAt } from "../../agent/cleanup/look.ts";
import type { Seen } from "../../agent/cleanup/plan.ts";
import { type Sweeping, type Swept, sweepBelow } from "../../agent/cleanup/sweep.ts";
import { useBuiltLauncher } from "../probe/asking.ts";
import type { TestAccount } from "../support/accounts.ts";
import { useBuiltAddon } from "../support/addon.ts";

let built: Promise<string> | null = null;

/** Path of the sweeper's bundle, with launcher and addon built from source, too. */
export function builtSweeper(): Promise<string> {
  built ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), "rcwarden-sweeper-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const outfile = join(folder, "sweeper.cjs");
    const entryPoints = [join(import.meta.dirname, "../../agent/children/sweeper.ts")];
    await build({ entryPoints, outfile, bundle: true, format: "cjs", platform: "node", logLevel: "error" });
    useBuiltAddon();
    await useBuiltLauncher();
    return outfile;
  })();
  return built;
}

export interface Tree extends Disposable {
  /** `/tmp/NAME/root`, the account's own. */
  readonly root: string;
  /** `/tmp/NAME`, root's. */
  readonly above: string;
  /** Makes a file below the root, the account's own, with the folders before it, and gives its path. */
  file(path: string, content?: string | Buffer): string;
  folder(path: string): string;
}

export function makeTree(owner: { readonly uid: number; readonly gid: number }): Tree {
  const above = mkdtempSync(join(tmpdir(), "rcwarden-look-"));
  chmodSync(above, 0o755);
  const root = join(above, "root");
  const own = (path: string) => {
    chownSync(path, owner.uid, owner.gid);
    return path;
  };
  const folder = (path: string): string => {
    const whole = join(root, path);
    if (whole !== root && dirname(path) !== ".") folder(dirname(path));
    mkdirSync(whole, { recursive: true });
    return own(whole);
  };
  folder("");
  const file = (path: string, content: string | Buffer = "x") => {
    if (dirname(path) !== ".") folder(dirname(path));
    writeFileSync(join(root, path), content);
    return own(join(root, path));
  };
  return { root, above, file, folder, [Symbol.dispose]: () => rmSync(above, { recursive: true, force: true }) };
}

export interface AllSeen {
  readonly looked: Swept;
  readonly seen: readonly Seen[];
  /** Path below the root, as latin1 text with `/`, to the guard's word or `free`. */
  readonly verdicts: Readonly<Record<string, string>>;
}

export async function lookAt(
  toLookAt: Partial<ToLookAt> & { readonly root: string },
  account: Pick<TestAccount, "name" | "uid" | "gid" | "home">,
  more: Partial<Sweeping> = {},
): Promise<AllSeen> {
  const seen: Seen[] = [];
  const looked = await sweepBelow(
    { depth: 1, match: ["*"], ...toLookAt },
    { ...account, groups: [account.gid], shell: "/bin/sh" },
    {
      script: await builtSweeper(),
      deadlineMs: 60_000,
      take: (batch) => void seen.push(...batch),
      ...more,
    },
  );
  const verdicts = Object.fromEntries(seen.map((one) => [pathOf(one), one.guard?.code ?? "free"]));
  return { looked, seen, verdicts };
}

export function pathOf({ path }: Pick<Seen, "path">): string {
  return path.map((part) => Buffer.from(part, "hex").toString("latin1")).join("/");
}
