/** Files as the identity of this process sees them, with others in the place of some: what they hold comes from elsewhere. */
import { readlinkSync, realpathSync } from "node:fs";
import { type AccountFiles, textLook } from "./account-files.ts";

/** `contents` by real path; what is not there on the host is, here. What may not be read stays so, whatever it holds. */
export function replacedFiles(files: AccountFiles, contents: ReadonlyMap<string, Buffer>): AccountFiles {
  const insteadOf = (path: string) => (contents.size === 0 ? undefined : contents.get(realOf(path)));
  return {
    ...files,
    look(path) {
      const content = insteadOf(path);
      const look = files.look(path);
      if (content === undefined || look.state === "unreadable" || look.state === "not-a-file") return look;
      return textLook(content);
    },
    ask(question, path) {
      const content = insteadOf(path);
      if (content === undefined) return files.ask(question, path);
      if (question === "s") return content.length > 0;
      if (question === "z") return content.length === 0;
      return files.ask("e", path) === true ? files.ask(question, path) : ofNew(question, files.ask(question, path));
    },
    list(path) {
      const names = files.list(path);
      const folder = realOf(path);
      const fresh = [...contents.keys()].filter((real) => folderOf(real) === folder).map(nameOf);
      return names === null ? null : [...new Set([...names, ...fresh])];
    },
  };
}

/** test(1) of a new file: the account's own, a plain file that is not to be executed. */
function ofNew(question: string, otherwise: boolean | null): boolean | null {
  return "efrwOG".includes(question) ? true : otherwise;
}

/** As the kernel has it (path_resolution(7)). */
const mostLinks = 40;

/** Also of what is not there yet: where a link leads to nothing, that is where it would come to be. */
function realOf(path: string, links = mostLinks): string {
  const real = attempt(() => realpathSync(path));
  if (real !== null) return real;
  const folder = attempt(() => realpathSync(folderOf(path)));
  if (folder === null) return path;
  const here = below(folder, nameOf(path));
  const target = attempt(() => readlinkSync(here));
  if (target === null || links === 0) return here;
  return realOf(target.startsWith("/") ? target : below(folder, target), links - 1);
}

function attempt<T>(inner: () => T): T | null {
  try {
    return inner();
  } catch {
    return null;
  }
}

function below(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
