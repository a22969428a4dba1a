import { shellWord } from "../../facts/shell-word.ts";
import { fail, type Outcome, ok, type SelfCheck } from "./self-check.ts";
import type { Found } from "./world.ts";

export const owners: SelfCheck = {
  id: "owners",
  asks: "may nobody but root write the documents",
  async look({ configuration, hostFolder, find }) {
    const { paths } = await configuration(null);
    const below = paths.filter((path) => path === hostFolder || path.startsWith(`${hostFolder}/`));
    const faults = await Promise.all(below.map(async (path) => faultOf(path, await find(path))));
    const told = faults.filter((fault) => fault !== null);
    if (told.length > 0) return told;
    return ok(`owners: nobody but root may write ${hostFolder}`);
  },
};

function faultOf(path: string, found: Found): Outcome | null {
  if (found.kind !== "there") return null;
  const expected = `${path}: expected no one but root may write`;
  const word = shellWord(path);
  if (found.uid !== 0) return fail(`${expected}, found that uid ${found.uid} owns it`, `chown root ${word}`);
  // Everybody may write where the sticky bit keeps them from each other's files; a document is no such place.
  if ((found.mode & 0o002) !== 0) return fail(`${expected}, found everybody may`, `chmod o-w ${word}`);
  if ((found.mode & 0o020) !== 0 && found.gid !== 0)
    return fail(`${expected}, found group ${found.gid} may`, `chmod g-w ${word}`);
  return null;
}
